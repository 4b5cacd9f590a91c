"""StarGAN v2's training batches: images, each with two references of a target domain.

    step → domains → positions → images → random crop, resize, flip → [-1, 1]

As in `data.sampling`, every batch is a pure function of (seed, step), so that a resumed
run sees the same batches as an uninterrupted one. All of it runs inside tf.data.

The official code samples from the same distributions, except that it fixes pairs of
references at the start; here they are sampled anew for every batch.

Crops are cut from images up to twice as wide as the model's (`LabeledImages.enlarge`)
and then resized with antialiasing. At 64 pixels they differ by 0.6 of 255 from crops of
the original photographs and are as sharp; crops of images stored at the model's size
differ by 3 and lose 15 % of their gradients. The larger images take four times the
space: if they exceed the cache's limit, files are decoded for every batch instead.

The aspect ratio of crops varies around that of the image, not around 1. For square
images this is the same; other images reach the model stretched, with or without a crop.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import tensorflow as tf

from stargan_tf.data.info import ONE_HOT, DatasetInfo
from stargan_tf.data.intensity import GAP, LARGEST_GAP
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
# Candidate boxes per image, all sampled at once; if none fits, about once in a
# thousand, the whole image is used.
TRIES = 10
NEEDED = 2  # readable images per domain, for the two references


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
    """Makes endless batches for `StarGANV2.fit`.

    All domains are equally frequent among the images and among the references,
    regardless of the number of images of each. Every image is cropped and flipped
    independently. The stream from `start_step=k` equals that from 0 without its first
    k batches.

    Example:

    ```python
    people = stargan_tf.load_dataset("toon_people", image_size=64)
    batches = stargan_tf.reference_batches(people, batch_size=4)
    image, domain, reference, reference_2, reference_domain = next(iter(batches))
    ```

    Args:
        source: training images of two or more one-hot domains.
        batch_size: number of images per batch, at least 1.
        seed: integer in [0, 2³¹).
        start_step: number of the first batch, for a resumed run.
        crop_probability: probability in [0, 1] that an image is cropped.
        flip: whether to flip each image horizontally with probability 0.5.
        cache: `"auto"`, `"always"`, or `"never"`; see `open_images`.
        part: the rows of each batch to make, if several machines share a batch;
            `batch_size` is that of the whole batch.
        mask_provider: for models with high-pass skips, a `LandmarkProvider`. Its masks
            are computed once per image, cached with the image, and cropped and flipped
            with it. If images are not cached, or the provider has no `version`, the
            batches have no masks, and the model computes them in each step.

    Returns:
        `tf.data.Dataset` of `(image, domain, reference, reference_2,
        reference_domain)` and, with a landmark provider, `masks`. Images and references
        are float32 `(batch_size, h, w, c)` in [-1, 1]; masks are float32
        `(batch_size, h, w, 2)` in [0, 1]; domains are int32 `(batch_size,)`. The
        references are two different images of `reference_domain`. An unreadable image
        (possible only without the cache) is replaced by the next one of its domain.

    Raises:
        InputError: if an argument is out of range, the labels are not one-hot, there
            is only one domain, or a domain has fewer than two readable images.
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
    intensity = source.info.intensity
    has_gaps = intensity is not None and intensity.has_gaps
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
            images = resize_boxes(images, part.of(boxes, groups=3), size, has_gaps)
        if flip:
            images = random_flips(images, seeds[3], part, groups=3)
        images = tf.cast(images, tf.float32)
        images = images / 127.5 - 1.0 if scaled else images
        images, masks = images[..., :channels], images[: count // 3, ..., channels:]
        image, reference, reference_2 = tf.split(images, 3)
        domains, reference_domains = part.of(domains), part.of(reference_domains)
        batch = image, domains, reference, reference_2, reference_domains
        # Resized crops of masks exceed 1 by rounding.
        masks = tf.clip_by_value((masks + 1.0) * 0.5, 0.0, 1.0)
        return (*batch, masks) if has_masks else batch

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
    """Generates a random crop box for each image.

    With `probability` it is a box of 0.8 to 1 times the area, with 0.9 to 1.1 times the
    aspect ratio of the image (torchvision's `RandomResizedCrop`); otherwise it is the
    whole image.

    Args:
        count: number of images.
        probability: probability in [0, 1] that an image is cropped.
        seed: two integers, which determine the boxes.

    Returns:
        float32 tensor (count, 4): top, left, height, and width as fractions of the
        image's size.
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
    """Heights and widths (count,), the first of `TRIES` that fit within the image."""
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
    images: tf.Tensor,
    boxes: tf.Tensor,
    size: tuple[int, int],
    has_gaps: bool = False,
) -> tf.Tensor:
    """Crops each image to a box and resizes it (bilinear, antialiased).

    Args:
        images: uint8 or float32 tensor (n, height, width, channels), all but n static.
        boxes: float32 tensor (n, 4) from `random_boxes`.
        size: height and width of the result.
        has_gaps: whether there may be pixels without data, which do not affect others;
            see `data.measured.resized`.

    Returns:
        float32 tensor (n, *size, channels), in the same range.
    """
    if has_gaps:
        valid = images >= LARGEST_GAP
        share = resize_boxes(tf.cast(valid, tf.float32), boxes, size)
        sums = resize_boxes(tf.where(valid, images, 0.0), boxes, size)
        means = tf.clip_by_value(sums / tf.maximum(share, 1e-6), -1.0, 1.0)
        return tf.where(share < 0.5, GAP, means)
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
    """Samples images with balanced domains, with replacement.

    A domain is sampled first, then one of its images, so each image has the weight
    1 / (number of images of its domain), as in the official balanced sampler.

    Args:
        store: the images.
        info: description of the one-hot labels.

    Raises:
        InputError: if a domain has fewer than two readable images.
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
        """Samples pairs of images.

        Args:
            count: number of pairs.
            seed: two integers, which determine the pairs.

        Returns:
            Domains, int32 (count,), and the positions of two different images of each
            domain, int64 (2, count).
        """
        # float64, so that every image can be reached.
        uniform = tf.random.stateless_uniform((3, count), seed, dtype=tf.float64)
        domains = _scaled(uniform[0], self.num_domains)
        sizes = tf.gather(self._counts, domains)
        first = _scaled(uniform[1], sizes)
        second = (first + 1 + _scaled(uniform[2], sizes - 1)) % sizes
        indices = tf.gather(self._starts, domains) + tf.stack([first, second])
        return tf.cast(domains, tf.int32), tf.gather(self._order, indices)


def check_one_hot(info: DatasetInfo) -> None:
    """Raises InputError unless the labels are one-hot with at least two domains."""
    if info.label_type != ONE_HOT:
        raise InputError(
            "StarGAN v2 needs images that belong to one domain each. Received: "
            f"'{info.name}' with binary attributes. Turn attributes into domains with "
            "load_dataset(…, attributes=('Male',), one_hot=True), or use --dataset "
            "folder with one subfolder per domain."
        )
    if len(info.domains) < 2:
        raise InputError(
            f"StarGAN v2 needs at least two domains. Received: '{info.name}' with only "
            f"'{info.domains[0]}'. Add a domain."
        )


def _scaled(uniform: tf.Tensor, limit: tf.Tensor | int) -> tf.Tensor:
    """Maps numbers in [0, 1) to integers in [0, limit)."""
    limit = tf.cast(limit, tf.int64)
    return tf.cast(uniform * tf.cast(limit, tf.float64), tf.int64)


def _check(store: ImageStore, info: DatasetInfo, groups: Sequence[np.ndarray]) -> None:
    counts = map(len, groups)
    # Without the cache, an image must be decoded to know whether it is readable.
    if isinstance(store, DecodedImages):
        counts = [store.readable(group, NEEDED) for group in groups]
    counts = zip(info.domains, counts, strict=True)
    few = [f"'{domain}' has {n}" for domain, n in counts if n < NEEDED]
    if few:
        raise InputError(
            f"Each domain needs at least {NEEDED} readable training images, not "
            "counting held-out images, because a batch takes two references of a "
            f"domain. Received: in '{info.name}', {', '.join(few)}. Add images or "
            "remove the domain."
        )
