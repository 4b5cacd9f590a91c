"""StarGAN v2's batches: images, and two references of a domain to translate them to.

    step → domains → positions → images → random crop, resize, flip → [-1, 1]

As in `pipeline`, everything is a pure function of (seed, step), so that a resumed run
sees what the uninterrupted one would have seen, and runs inside tf.data.

The official code draws from the same distributions, except that its pairs of
references are fixed when it starts; here they are drawn afresh for every batch.

Crops are cut from images up to twice as wide as the model's (`LabelledImages.enlarge`)
and then resized, antialiased. At 64 pixels they differ by 0.6 of 255 from crops of the
original photographs and are as sharp; crops of images stored at the model's size
differ by 3 and lose 15 % of their gradients. The larger images take four times the
space: where they exceed the cache's limit, files are decoded for every batch instead.

The crops' aspect varies around the picture's own, not around 1: the same for square
pictures, and right for others, which the model always sees stretched.
"""

import tensorflow as tf

from stargan_tf.data.arguments import SEED_LIMIT, check_range
from stargan_tf.data.batch_part import WHOLE, BatchPart
from stargan_tf.data.domain_sampler import DomainSampler, check_one_hot
from stargan_tf.data.flips import random_flips
from stargan_tf.data.image_store import AUTO, open_images
from stargan_tf.data.labelled_images import LabelledImages
from stargan_tf.data.pipeline import endless_batches
from stargan_tf.data.random_crops import random_boxes, resize_boxes
from stargan_tf.data.readers import reader
from stargan_tf.errors import InputError

Batch = tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]


def reference_batches(
    source: LabelledImages,
    batch_size: int = 8,
    *,
    seed: int = 0,
    start_step: int = 0,
    crop_probability: float = 0.5,
    flip: bool = True,
    cache: str = AUTO,
    part: BatchPart = WHOLE,
) -> tf.data.Dataset:
    """Endless batches for `StarGANV2.fit`.

    Domains come equally often, among the images and among the references, however
    many pictures each has. Every picture is cropped and mirrored on its own. The
    stream from `start_step=k` equals that from 0 without its first k batches.

    Args:
        source: training images of two or more one-hot domains.
        batch_size: images per batch, at least 1.
        seed: integer in [0, 2³¹).
        start_step: number of the first batch, for a resumed run.
        crop_probability: share of the pictures that are cropped at random.
        flip: mirror each picture with probability one half.
        cache: `"auto"`, `"always"` or `"never"`, see `open_images`.
        part: which part of each batch to make, where machines share the work;
            `batch_size` remains that of the whole.

    Returns:
        Dataset of `(image, domain, reference, reference_2, reference_domain)`. The
        images are float32 `(batch_size, s, s, 3)` in [-1, 1]; the domains int32
        `(batch_size,)`. Both references are different pictures of
        `reference_domain`; where one turns out to be unreadable (only without the
        cache), the next of its domain stands in.

    Raises:
        InputError: if an argument is out of range, the labels are not one-hot, there
            is one domain only, or a domain has fewer than two readable images.
    """
    check_range("batch_size", batch_size, 1)
    check_range("start_step", start_step, 0)
    check_range("seed", seed, 0, SEED_LIMIT)
    _check_probability(crop_probability)
    check_one_hot(source.info)
    size, count = source.info.image_size, 3 * part.size(batch_size)
    if crop_probability:
        source = source.enlarge()
    store = open_images(source, cache, same_domain=True)
    sampler = DomainSampler(store, source.info)
    read = reader(store)

    def load(step: tf.Tensor) -> Batch:
        seeds = tf.random.split([seed, step], 4)
        domains, positions = sampler.draw(batch_size, seeds[0])
        reference_domains, references = sampler.draw(batch_size, seeds[1])
        wanted = tf.concat([positions[0], references[0], references[1]], axis=0)
        images = read(part.of(wanted, groups=3))[0]
        images = tf.ensure_shape(images, (count, *images.shape[1:]))
        if crop_probability:
            boxes = random_boxes(3 * batch_size, crop_probability, seeds[2])
            images = resize_boxes(images, part.of(boxes, groups=3), size)
        if flip:
            images = random_flips(images, seeds[3], part, groups=3)
        images = tf.cast(images, tf.float32) / 127.5 - 1.0
        image, reference, reference_2 = tf.split(images, 3)
        domains, reference_domains = part.of(domains), part.of(reference_domains)
        return image, domains, reference, reference_2, reference_domains

    return endless_batches(load, start_step)


def _check_probability(value: float) -> None:
    if not 0.0 <= value <= 1.0:
        raise InputError(
            "crop_probability must be a number from 0 to 1. "
            f"Received: crop_probability={value!r}"
        )
