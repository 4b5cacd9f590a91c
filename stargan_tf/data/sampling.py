"""Batches of images by tf.data, as a pure function of the step.

    step → source and permuted positions → images, labels → flip → [-1, 1] → prefetch

Batches are created in parallel, in order; pixels stay uint8 until the last operation.

There is no shuffle buffer and no generator state to save: the permutation and the flips
are functions of (seed, step), so that a run resumed at step k gets exactly the batches
of an uninterrupted run.
"""

import atexit
import functools
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from stargan_tf.data.labels import LabelSpace
from stargan_tf.data.source import LabeledImages
from stargan_tf.data.store import AUTO, DecodedImages, ImageStore, open_images
from stargan_tf.data.turns import Turns, take_turns
from stargan_tf.errors import InputError

SEED_LIMIT = 2**31
# Rounds of the cipher for the permutation; TensorFlow's default of 4 leaves visible
# patterns in data sets of a few images.
ROUNDS = 8
ENDLESS = 2**62
# How long the process waits at exit for calls of tf.data to stop, in seconds.
QUIET_S, PATIENCE_S = 0.2, 30.0

Sources = LabeledImages | Sequence[LabeledImages]


@dataclass(frozen=True)
class BatchPart:
    """One of several equal shards of every batch, for training on several machines.

    Random numbers are drawn for the whole batch and then sliced, so that the shards add
    up to the batch of a single machine.

    Args:
        index: index of the shard, from 0.
        count: number of shards.
    """

    index: int = 0
    count: int = 1

    def size(self, batch_size: int) -> int:
        """Images in the shard; InputError if the batch cannot be divided like this."""
        if batch_size % self.count or not 0 <= self.index < self.count:
            raise InputError(
                "Expected one of several equal shards of a batch, numbered from 0. "
                f"Received: shard {self.index} of {self.count}, batch_size={batch_size}"
            )
        return batch_size // self.count

    def of(self, tensor: tf.Tensor, groups: int = 1) -> tf.Tensor:
        """The shard's rows of a tensor for the whole batch, or for `groups` batches."""
        if self.count == 1:
            return tensor
        whole = tf.split(tensor, groups)
        return tf.concat([tf.split(t, self.count)[self.index] for t in whole], 0)


WHOLE = BatchPart()


def training_batches(
    sources: Sources,
    batch_size: int = 16,
    *,
    seed: int = 0,
    start_step: int = 0,
    flip: bool = True,
    cache: str = AUTO,
    dataset_weights: Sequence[float | None] | None = None,
    part: BatchPart = WHOLE,
) -> tf.data.Dataset:
    """Endless shuffled batches; batch k comes from source k mod n, unless weighted.

    Each image occurs once per epoch of its source; a batch may span two epochs. The
    batches from `start_step=k` are bit-identical to those from 0 without the first k.

    Args:
        sources: one `LabeledImages` or several, of one image size.
        batch_size: images per batch, at least 1.
        seed: integer in [0, 2³¹); determines the order and the flips.
        start_step: number of the first batch, for a resumed run.
        flip: whether to mirror each image with probability 0.5.
        cache: `"auto"`, `"always"`, or `"never"`, see `open_images`.
        dataset_weights: relative frequency of each source, see `take_turns`; equal by
            default.
        part: the shard of each batch to create, for training on several machines;
            `batch_size` is that of the whole batch.

    Returns:
        Dataset of `(image, label)`: float32 `(batch_size, h, w, c)` in [-1, 1], and
        float32 `(batch_size, LabelSpace.width)`.

    Raises:
        InputError: if an argument is out of range, or no image can be read.
    """
    check_range("batch_size", batch_size, 1)
    check_range("start_step", start_step, 0)
    check_range("seed", seed, 0, SEED_LIMIT)
    sources, space = _as_sources(sources)
    weights = [1.0] * len(sources) if dataset_weights is None else dataset_weights
    if len(weights) != len(sources):
        raise InputError(
            f"dataset_weights needs one weight for each of {len(sources)} data sets. "
            f"Received: {list(weights)}"
        )
    turns, size = take_turns(weights), part.size(batch_size)
    stores = [open_images(source, cache) for source in sources]
    sizes = [len(store) for store in stores]
    branches = [_fetcher(store, space, number) for number, store in enumerate(stores)]

    def load(step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        source, positions = _choose(step, batch_size, seed, sizes, turns)
        taken = part.of(positions)
        ready = [functools.partial(fetch, taken) for fetch in branches]
        images, labels, _ = tf.switch_case(tf.cast(source, tf.int32), ready)
        images = tf.ensure_shape(images, (size, *images.shape[1:]))
        labels = tf.ensure_shape(labels, (size, *labels.shape[1:]))
        if flip:
            images = random_flips(images, [seed, step], part)
        return to_float(images), labels

    return endless_batches(load, start_step)


def evaluation_batches(
    sources: Sources, batch_size: int = 16, *, cache: str = AUTO
) -> tf.data.Dataset:
    """Every image once, in order, without flips; the last batch may be smaller.

    Sources follow one another; no batch contains images of two sources.

    Args:
        sources: one `LabeledImages` or several, of one image size.
        batch_size: images per batch, at least 1.
        cache: `"auto"`, `"always"`, or `"never"`, see `open_images`.

    Returns:
        Finite dataset of `(image, label)` as in `training_batches`.

    Raises:
        InputError: if an argument is out of range, or no image can be read.
    """
    check_range("batch_size", batch_size, 1)
    sources, space = _as_sources(sources)
    stores = [open_images(source, cache) for source in sources]
    per_source = [
        _in_order(store, _fetcher(store, space, number), batch_size)
        for number, store in enumerate(stores)
    ]
    batches = functools.reduce(lambda a, b: a.concatenate(b), per_source)
    return batches.prefetch(tf.data.AUTOTUNE)


# === Shared with the pipelines of model families ===


def check_range(name: str, value: int, low: int, limit: int | None = None) -> None:
    """InputError unless an argument is a whole number, `low` <= value < `limit`."""
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or value < low or (limit is not None and value >= limit):
        upper = "" if limit is None else f" and below {limit}"
        raise InputError(
            f"{name} must be a whole number of at least {low}{upper}. "
            f"Received: {name}={value!r}"
        )


def endless_batches(load: Callable[[tf.Tensor], Any], start: int) -> tf.data.Dataset:
    """Endless batches, created in parallel and in order.

    Args:
        load: index of a batch → the batch, by TensorFlow operations.
        start: index of the first batch.
    """
    # A range, because a tf.data service cannot distribute a counter to its workers.
    numbers = tf.data.Dataset.range(start, ENDLESS).repeat()
    # Nothing here branches on a tensor, and AutoGraph writes temporary files.
    load = tf.autograph.experimental.do_not_convert(load)
    batches = numbers.map(load, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
    return batches.prefetch(tf.data.AUTOTUNE)


def random_flips(
    images: tf.Tensor,
    seed: tf.Tensor | list,
    part: BatchPart = WHOLE,
    groups: int = 1,
) -> tf.Tensor:
    """Mirrors each image left to right with probability 0.5.

    Args:
        images: tensor (n, height, width, channels) with static n.
        seed: two integers.
        part: the shard of the batch that `images` is.
        groups: number of equal batches in `images`.
    """
    shape = (images.shape[0] * part.count, 1, 1, 1)
    chance = part.of(tf.random.stateless_uniform(shape, seed=seed), groups)
    # Not tf.where over all images, which takes longer than all else except decoding.
    mirrored = tf.where(tf.reshape(chance, [-1]) < 0.5)
    flipped = tf.reverse(tf.gather_nd(images, mirrored), axis=[2])
    return tf.tensor_scatter_nd_update(images, mirrored, flipped)


def reader(store: ImageStore) -> Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]:
    """The function by which a tf.data map reads from a store.

    Returns:
        A function: int64 positions (k,) → uint8 images (k, h, w, c), and the positions
        from which they were actually read.
    """
    if isinstance(store, DecodedImages):
        return functools.partial(_decode, store)
    with tf.device("CPU"):
        rows = tf.constant(store.rows, tf.int64)

    def read(positions: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        # The file becomes a tensor by a memory map, so that batches are gathered
        # without entering Python, whose lock the training loop needs. It is opened
        # inside the graph, so that it is not sent to a tf.data service.
        images = tf.raw_ops.ImmutableConst(
            dtype=store.dtype,
            shape=store.shape,
            memory_region_name=str(store.path.absolute()),
        )
        return tf.gather(images, tf.gather(rows, positions)), positions

    return read  # It references the store, which keeps the entry in use.


def _decode(store: DecodedImages, positions: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    shape, dtype = store.source.info.shape, store.source.info.dtype

    def decode(positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        with _calls:
            if _calls.closed:
                return np.zeros((len(positions), *shape), dtype), positions
            return store.get(positions)

    # A batch per call, not an image: calls run in parallel anyway, and entering Python
    # costs more than copying an image.
    images, taken = tf.numpy_function(
        decode, [positions], (tf.as_dtype(dtype), tf.int64)
    )
    images = tf.ensure_shape(images, (None, *shape))
    return images, tf.ensure_shape(taken, (None,))


class _CallCounter:
    """Keeps tf.data threads out of Python while the interpreter shuts down.

    Python never returns its lock to a thread that requests it during shutdown, and
    TensorFlow waits for that thread when the last iterator is destroyed: the process
    would hang at exit. Therefore, calls at exit return blank images immediately, until
    the prefetch buffers are full and no further call arrives.
    """

    def __init__(self) -> None:
        self.closed = False
        self._lock = threading.Lock()
        self._active, self._last = 0, 0.0

    def __enter__(self) -> None:
        self._count(1)

    def __exit__(self, *error: object) -> None:
        self._count(-1)

    def _count(self, change: int) -> None:
        with self._lock:
            self._active += change
            self._last = time.monotonic()

    def close(self) -> None:
        if not self._last:
            return
        self.closed = True
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            if not self._active and time.monotonic() - self._last > QUIET_S:
                return
            time.sleep(QUIET_S / 10)


_calls = _CallCounter()
atexit.register(_calls.close)


def _choose(
    step: tf.Tensor, batch_size: int, seed: int, sizes: Sequence[int], turns: Turns
) -> tuple[tf.Tensor, tf.Tensor]:
    """Step → source and positions: sampling without replacement in each epoch."""

    def look_up(known: Sequence[int], place: tf.Tensor) -> tf.Tensor:
        return tf.gather(tf.constant(known, tf.int64), place)

    rounds, place = step // len(turns.sources), step % len(turns.sources)
    source = look_up(turns.sources, place)
    # Number of earlier batches from this source.
    turn = rounds * look_up(turns.shares, source) + look_up(turns.before, place)
    drawn = turn * batch_size + tf.range(batch_size, dtype=tf.int64)
    # A permutation evaluated by position: there is no shuffle buffer, and no epoch has
    # to be replayed when a run is resumed.
    size = look_up(sizes, source)
    epochs = drawn // size
    fixed = tf.tile([[tf.cast(seed, tf.int64), source]], [batch_size, 1])
    # The raw operation, because tf.random.experimental.index_shuffle cannot take one
    # seed per index (it pads the matrix of seeds along the wrong axis).
    positions = tf.raw_ops.RandomIndexShuffle(
        index=drawn % size,
        seed=tf.concat([fixed, epochs[:, tf.newaxis]], axis=1),
        max_index=size - 1,
        rounds=ROUNDS,
    )
    return source, positions


def _in_order(store: ImageStore, fetch: Callable, batch_size: int) -> tf.data.Dataset:
    """Images of one source in order, without unreadable ones."""

    def load(positions: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        images, labels, taken = fetch(positions)
        wanted = taken == positions  # Others are substitutes for unreadable images.
        return to_float(images[wanted]), labels[wanted]

    load = tf.autograph.experimental.do_not_convert(load)
    batches = tf.data.Dataset.range(len(store)).batch(batch_size)
    batches = batches.map(load, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
    if store.complete:
        return batches
    return batches.filter(
        tf.autograph.experimental.do_not_convert(
            lambda images, labels: tf.shape(images)[0] > 0
        )
    )


def _fetcher(store: ImageStore, space: LabelSpace, number: int) -> Callable:
    """Positions → (uint8 images, labels, positions they were read from)."""
    read = reader(store)
    labels = tf.constant(space.embed(store.labels, number))

    def fetch(positions: tf.Tensor) -> tuple[tf.Tensor, ...]:
        images, taken = read(positions)
        return images, tf.gather(labels, taken), taken

    return fetch


def to_float(images: tf.Tensor) -> tf.Tensor:
    """uint8 images as float32 in [-1, 1]; measured images are float32 already."""
    floats = tf.cast(images, tf.float32)
    return floats / 127.5 - 1.0 if images.dtype == tf.uint8 else floats


def _as_sources(sources: Sources) -> tuple[list[LabeledImages], LabelSpace]:
    sources = [sources] if isinstance(sources, LabeledImages) else list(sources)
    return sources, LabelSpace([source.info for source in sources])
