"""StarGAN v2's batches: images, and two references of a domain to translate them to.

    step → domains → positions → images → random crop, resize, flip → [-1, 1]

As in `data.sampling`, all is a pure function of (seed, step), so that a resumed run
sees what the uninterrupted one would have seen, and runs inside tf.data.

The official code draws from the same distributions, except that its pairs of
references are fixed when it starts; here they are drawn afresh for every batch.

Crops are cut from images up to twice as wide as the model's (`LabeledImages.enlarge`)
and then resized, antialiased. At 64 pixels they differ by 0.6 of 255 from crops of the
original photographs and are as sharp; crops of images stored at the model's size
differ by 3 and lose 15 % of their gradients. The larger images take four times the
space: where they exceed the cache's limit, files are decoded for every batch instead.

The crops' aspect varies around the picture's own, not around 1: the same for square
pictures, and right for others, which the model always sees stretched.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import tensorflow as tf

from stargan_tf.data.info import ONE_HOT, DatasetInfo
from stargan_tf.data.pictures import to_float, to_uint8
from stargan_tf.data.sampling import (
    SEED_LIMIT,
    WHOLE,
    BatchPart,
    check_range,
    endless_batches,
    random_flips,
    reader,
)
from stargan_tf.data.source import LabeledImages
from stargan_tf.data.store import (
    AUTO,
    CachedImages,
    DecodedImages,
    ImageStore,
    open_images,
)
from stargan_tf.errors import InputError

AREA = (0.8, 1.0)
ASPECT = (0.9, 1.1)
# Boxes that do not fit are drawn again, in one go; after so many the whole image is
# taken, which happens once in a thousand.
TRIES = 10
NEEDED = 2  # readable images of a domain: one is the other's second reference


def reference_batches(
    source: LabeledImages,
    batch_size: int = 8,
    *,
    seed: int = 0,
    start_step: int = 0,
    crop_probability: float = 0.5,
    flip: bool = True,
    cache: str = AUTO,
    part: BatchPart = WHOLE,
    mask_provider: Callable[[Any], Any] | None = None,
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
        mask_provider: for models with high-pass skips: a `LandmarkProvider`, whose
            masks are computed once for each image, kept with it in the cache, and
            cropped and mirrored with it. The model makes the masks of images that are
            not cached, and those of other callables, which have no `version`.

    Returns:
        Dataset of `(image, domain, reference, reference_2, reference_domain)` and,
        with a landmark provider, `masks`. The images are float32
        `(batch_size, h, w, c)` in [-1, 1], the masks float32 `(batch_size, h, w, 2)`
        in [0, 1]; the domains int32 `(batch_size,)`. Both references are different
        pictures of
        `reference_domain`; where one turns out to be unreadable (only without the
        cache), the next of its domain stands in.

    Raises:
        InputError: if an argument is out of range, the labels are not one-hot, there
            is one domain only, or a domain has fewer than two readable images.
    """
    check_range("batch_size", batch_size, 1)
    check_range("start_step", start_step, 0)
    check_range("seed", seed, 0, SEED_LIMIT)
    if not 0.0 <= crop_probability <= 1.0:
        raise InputError(
            "crop_probability must be a number from 0 to 1. "
            f"Received: crop_probability={crop_probability!r}"
        )
    check_one_hot(source.info)
    size, count = source.info.shape[:2], 3 * part.size(batch_size)
    if crop_probability:
        source = source.enlarge()
    channels, scaled = source.info.num_channels, source.info.dtype == "uint8"
    store = None
    if scaled and hasattr(mask_provider, "version"):
        store = open_images(with_masks(source, mask_provider), cache, same_domain=True)
    # Images decoded for every batch would have their masks computed every time, too,
    # those of references included.
    has_masks = isinstance(store, CachedImages)
    if not has_masks:
        store = open_images(source, cache, same_domain=True)
    sampler = DomainSampler(store, source.info)
    read = reader(store)

    def load(step: tf.Tensor) -> tuple[tf.Tensor, ...]:
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
        images = tf.cast(images, tf.float32)
        images = images / 127.5 - 1.0 if scaled else images
        images, masks = images[..., :channels], images[: count // 3, ..., channels:]
        image, reference, reference_2 = tf.split(images, 3)
        domains, reference_domains = part.of(domains), part.of(reference_domains)
        batch = image, domains, reference, reference_2, reference_domains
        return (*batch, (masks + 1.0) * 0.5) if has_masks else batch

    return endless_batches(load, start_step)


def with_masks(source: LabeledImages, provider: Callable[[Any], Any]) -> LabeledImages:
    """The same images with two more channels, their high-pass masks.

    Args:
        source: uint8 images.
        provider: what makes masks; it has a `version`.

    Returns:
        The images; a mask's 0 and 1 are 0 and 255.
    """
    load = source.load

    def load_with_masks(index: int) -> np.ndarray:
        image = load(index)
        masks = np.asarray(provider(to_float(image)[np.newaxis]), np.float32)[0]
        return np.concatenate([image, to_uint8(masks * 2 - 1)], axis=-1)

    return replace(
        source,
        info=replace(source.info, num_channels=source.info.num_channels + 2),
        load=load_with_masks,
        fingerprint=f"{source.fingerprint} with masks of {provider.version}",
        native_side=None,
    )


def random_boxes(count: int, probability: float, seed: tf.Tensor) -> tf.Tensor:
    """Draws what is cut out of each image.

    With `probability` a box of 0.8 to 1 of the area, whose aspect is 0.9 to 1.1 times
    the image's (torchvision's `RandomResizedCrop`); otherwise the whole image.

    Args:
        count: number of images.
        probability: share of the images that are cropped, in [0, 1].
        seed: two integers; the boxes follow from them alone.

    Returns:
        float32 tensor (count, 4): top, left, height and width as shares of the image.
    """
    seeds = tf.random.split(seed, 2)
    height, width = _sides(count, seeds[0])
    chance, across, down = tf.unstack(
        tf.random.stateless_uniform((3, count), seeds[1], dtype=tf.float32)
    )
    boxes = tf.stack([down * (1 - height), across * (1 - width), height, width], axis=1)
    whole = tf.constant([0.0, 0.0, 1.0, 1.0])
    return tf.where(chance[:, tf.newaxis] < probability, boxes, whole)


def _sides(count: int, seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Heights and widths (count,), the first of `TRIES` that lie within the image."""
    area, aspect = tf.unstack(tf.random.stateless_uniform((2, count, TRIES), seed))
    area = AREA[0] + (AREA[1] - AREA[0]) * area
    low, high = tf.math.log(ASPECT[0]), tf.math.log(ASPECT[1])
    aspect = tf.exp(low + (high - low) * aspect)
    sides = tf.stack([tf.sqrt(area / aspect), tf.sqrt(area * aspect)], axis=-1)
    fits = tf.reduce_all(sides <= 1, axis=-1)
    first = tf.argmax(tf.cast(fits, tf.int32), axis=1)
    chosen = tf.gather(sides, first, axis=1, batch_dims=1)
    chosen = tf.where(tf.reduce_any(fits, axis=1, keepdims=True), chosen, 1.0)
    return chosen[:, 0], chosen[:, 1]


def resize_boxes(
    images: tf.Tensor, boxes: tf.Tensor, size: tuple[int, int]
) -> tf.Tensor:
    """Cuts a box out of each image and resizes it, antialiased bilinear.

    Args:
        images: uint8 or float32 tensor (n, height, width, channels), all but n known.
        boxes: float32 tensor (n, 4) as `random_boxes` gives it.
        size: height and width of the result.

    Returns:
        float32 tensor (n, *size, channels), in the same range.
    """
    sides = tf.constant(list(images.shape[1:3]), tf.float32)

    def resize(pair: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
        image, box = pair
        scale = tf.constant(size, tf.float32) / (box[2:] * sides)
        return tf.raw_ops.ScaleAndTranslate(
            images=image[tf.newaxis],
            size=size,
            scale=scale,
            translation=-box[:2] * sides * scale,
            kernel_type="triangle",
            antialias=True,
        )[0]

    spec = tf.TensorSpec((*size, images.shape[3]), tf.float32)
    return tf.map_fn(resize, (images, boxes), fn_output_signature=spec)


class DomainSampler:
    """Draws images of balanced domains, with replacement.

    A domain is drawn first, then one of its images: each image has the weight
    1 / (images of its domain), as in the official balanced sampler.

    Args:
        store: the images.
        info: the meaning of its labels; one-hot.

    Raises:
        InputError: if there is only one domain, or a domain has fewer than two
            images that can be read.
    """

    def __init__(self, store: ImageStore, info: DatasetInfo):
        classes = store.labels.argmax(axis=1)
        groups = [np.flatnonzero(classes == d) for d in range(len(info.domains))]
        _check(store, info, groups)
        counts = [len(group) for group in groups]
        self.num_domains = len(groups)
        self._order = tf.constant(np.concatenate(groups), tf.int64)
        self._counts = tf.constant(counts, tf.int64)
        self._starts = tf.cumsum(self._counts, exclusive=True)

    def draw(self, count: int, seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Draws pairs of images.

        Args:
            count: number of pairs.
            seed: two integers; the pairs follow from them alone.

        Returns:
            The domains, int32 (count,), and the positions of two different images of
            each, int64 (2, count).
        """
        # Double precision: a product with the number of images must reach each.
        chance, one, other = tf.unstack(
            tf.random.stateless_uniform((3, count), seed, dtype=tf.float64)
        )
        domains = _below(chance, self.num_domains)
        sizes = tf.gather(self._counts, domains)
        first = _below(one, sizes)
        second = (first + 1 + _below(other, sizes - 1)) % sizes
        places = tf.gather(self._starts, domains) + tf.stack([first, second])
        return tf.cast(domains, tf.int32), tf.gather(self._order, places)


def check_one_hot(info: DatasetInfo) -> None:
    """Raises InputError unless every image belongs to one of several domains."""
    if info.label_type != ONE_HOT:
        raise InputError(
            f"StarGAN v2 takes images of one domain each; '{info.name}' has binary "
            "attributes. Make domains of them: load_dataset(…, attributes=('Male',), "
            "one_hot=True), or --dataset folder with one sub-folder per domain."
        )
    if len(info.domains) < 2:
        raise InputError(
            f"StarGAN v2 needs at least two domains; '{info.name}' has only "
            f"'{info.domains[0]}'. Add a domain."
        )


def _below(chance: tf.Tensor, limit: tf.Tensor | int) -> tf.Tensor:
    """Numbers in [0, 1) as whole ones in [0, limit)."""
    limit = tf.cast(limit, tf.int64)
    return tf.cast(chance * tf.cast(limit, tf.float64), tf.int64)


def _check(store: ImageStore, info: DatasetInfo, groups: Sequence[np.ndarray]) -> None:
    counts = map(len, groups)
    # Without the cache a picture is known to be readable only when it is decoded.
    if isinstance(store, DecodedImages):
        counts = [store.readable(group, NEEDED) for group in groups]
    found = zip(info.domains, counts, strict=True)
    few = [f"'{domain}' has {n}" for domain, n in found if n < NEEDED]
    if few:
        raise InputError(
            f"Each domain needs at least {NEEDED} readable training images, not "
            f"counting held-out ones: one is the other's second reference. Received: "
            f"in '{info.name}', {', '.join(few)}. Add images or leave the domain out."
        )
