"""From images by number to batches: tf.data all the way, and a pure function of step.

    step → which source, which positions → permuted → load (parallel) → batch
         → flip and scale to [-1, 1] → prefetch

There is no shuffle buffer and no generator state to save: the permutation and the
flips follow from (seed, step), so a run resumed at step k sees exactly the batches
the uninterrupted run would have seen.
"""

import functools
from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from stargan_tf.data.image_store import AUTO, ImageStore, open_images
from stargan_tf.data.label_space import LabelSpace
from stargan_tf.data.labelled_images import LabelledImages
from stargan_tf.errors import InputError

SEED_LIMIT = 2**31

Sources = LabelledImages | Sequence[LabelledImages]


def training_batches(
    sources: Sources,
    batch_size: int = 16,
    *,
    seed: int = 0,
    start_step: int = 0,
    flip: bool = True,
    cache: str = AUTO,
) -> tf.data.Dataset:
    """Endless shuffled batches; batch k comes from source k mod n.

    Within an epoch of a source every image comes once; a batch may straddle two
    epochs. The stream from `start_step=k` equals that from 0 without its first k
    batches, bit by bit.

    Args:
        sources: one `LabelledImages` or several, of one image size.
        batch_size: images per batch, at least 1.
        seed: integer in [0, 2³¹); decides the order and the flips.
        start_step: number of the first batch, for a resumed run.
        flip: mirror each image with probability one half.
        cache: `"auto"`, `"always"` or `"never"`, see `open_images`.

    Returns:
        Dataset of `(image, label)`: float32 `(batch_size, s, s, 3)` in [-1, 1], and
        float32 `(batch_size, LabelSpace.width)`.

    Raises:
        InputError: if an argument is out of range, or no image can be read.
    """
    _check_range("batch_size", batch_size, 1)
    _check_range("start_step", start_step, 0)
    _check_range("seed", seed, 0, SEED_LIMIT)
    sources, space = _as_sources(sources)
    stores = [open_images(source, cache) for source in sources]

    choose = functools.partial(
        _choose, batch_size=batch_size, seed=seed, sizes=[len(s) for s in stores]
    )
    numbers = tf.data.Dataset.counter(start=start_step * batch_size)
    examples = numbers.map(choose).map(
        _loader(stores, space), num_parallel_calls=tf.data.AUTOTUNE, deterministic=True
    )
    examples = examples.map(lambda image, label, position: (image, label))
    batches = examples.batch(batch_size, drop_remainder=True)

    def finish(step: tf.Tensor, batch: tuple) -> tuple[tf.Tensor, tf.Tensor]:
        images, labels = batch
        images = _flip(images, seed, step) if flip else images
        return _to_float(images), labels

    return batches.enumerate(start_step).map(finish).prefetch(tf.data.AUTOTUNE)


def evaluation_batches(
    sources: Sources, batch_size: int = 16, *, cache: str = AUTO
) -> tf.data.Dataset:
    """Every image once, in order, without flips; the last batch may be smaller.

    The sources follow one another, and no batch holds images of two sources.

    Args:
        sources: one `LabelledImages` or several, of one image size.
        batch_size: images per batch, at least 1.
        cache: `"auto"`, `"always"` or `"never"`, see `open_images`.

    Returns:
        Finite dataset of `(image, label)` as in `training_batches`.

    Raises:
        InputError: if an argument is out of range, or no image can be read.
    """
    _check_range("batch_size", batch_size, 1)
    sources, space = _as_sources(sources)
    stores = [open_images(source, cache) for source in sources]
    load = _loader(stores, space)
    parts = [
        _in_order(number, store, load).batch(batch_size)
        for number, store in enumerate(stores)
    ]
    batches = functools.reduce(lambda one, other: one.concatenate(other), parts)
    batches = batches.map(lambda images, labels: (_to_float(images), labels))
    return batches.prefetch(tf.data.AUTOTUNE)


def _choose(
    number: tf.Tensor, batch_size: int, seed: int, sizes: Sequence[int]
) -> tuple[tf.Tensor, tf.Tensor]:
    """Sample number → (source, position): sampling without replacement per epoch."""
    step = number // batch_size
    source = step % len(sizes)
    drawn = step // len(sizes) * batch_size + number % batch_size
    size = tf.gather(tf.constant(sizes, tf.int64), source)
    epoch, place = drawn // size, drawn % size
    # A permutation evaluated at one place: no list of a million numbers is shuffled.
    position = tf.random.experimental.index_shuffle(
        place, seed=[seed, epoch * len(sizes) + source], max_index=size - 1
    )
    return source, position


def _in_order(number: int, store: ImageStore, load: Callable) -> tf.data.Dataset:
    """Images of one source in order; one found to be unreadable is left out."""
    positions = tf.data.Dataset.range(len(store))
    examples = positions.map(
        lambda position: (position, *load(tf.constant(number, tf.int64), position)),
        num_parallel_calls=tf.data.AUTOTUNE,
        deterministic=True,
    )
    if not store.complete:
        examples = examples.filter(lambda wanted, image, label, got: wanted == got)
    return examples.map(lambda wanted, image, label, got: (image, label))


def _loader(stores: Sequence[ImageStore], space: LabelSpace) -> Callable:
    """(source, position) → (uint8 image, label, position it was taken from)."""
    labels = [space.embed(store.labels, k) for k, store in enumerate(stores)]
    size = space.image_size

    def fetch(source: np.ndarray, position: np.ndarray) -> tuple:
        image, taken = stores[int(source)].get(int(position))
        return image, labels[int(source)][taken], np.int64(taken)

    def load(source: tf.Tensor, position: tf.Tensor) -> tuple:
        image, label, taken = tf.numpy_function(
            fetch, [source, position], (tf.uint8, tf.float32, tf.int64)
        )
        image = tf.ensure_shape(image, (size, size, 3))
        return image, tf.ensure_shape(label, (space.width,)), tf.ensure_shape(taken, ())

    return load


def _flip(images: tf.Tensor, seed: int, step: tf.Tensor) -> tf.Tensor:
    """Mirrors each image with probability one half, drawn from (seed, step)."""
    count = images.shape[0]
    chance = tf.random.stateless_uniform((count, 1, 1, 1), seed=[seed, step])
    return tf.where(chance < 0.5, tf.reverse(images, axis=[2]), images)


def _to_float(images: tf.Tensor) -> tf.Tensor:
    return tf.cast(images, tf.float32) / 127.5 - 1.0


def _as_sources(sources: Sources) -> tuple[list[LabelledImages], LabelSpace]:
    sources = [sources] if isinstance(sources, LabelledImages) else list(sources)
    return sources, LabelSpace([source.info for source in sources])


def _check_range(name: str, value: int, low: int, limit: int | None = None) -> None:
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or value < low or (limit is not None and value >= limit):
        upper = "" if limit is None else f" and below {limit}"
        raise InputError(
            f"{name} must be a whole number of at least {low}{upper}. "
            f"Received: {name}={value!r}"
        )
