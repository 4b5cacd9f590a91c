"""From images by number to batches: tf.data all the way, and a pure function of step.

    step → source and permuted positions → images, labels → flip → [-1, 1] → prefetch

Batches are made in parallel, in order; pixels stay uint8 until the last operation.

There is no shuffle buffer and no generator state to save: the permutation and the
flips follow from (seed, step), so a run resumed at step k sees exactly the batches
the uninterrupted run would have seen.
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
# Rounds of the cipher behind the permutation; TensorFlow's 4 leave visible patterns
# in data sets of a few images.
ROUNDS = 8
ENDLESS = 2**62
# How long the end of the process waits for calls of tf.data to stop, in seconds.
QUIET_S, PATIENCE_S = 0.2, 30.0

Sources = LabeledImages | Sequence[LabeledImages]


@dataclass(frozen=True)
class BatchPart:
    """One of several equal parts of every batch, when machines share the work.

    What is random is drawn for the whole batch and then cut, so that the parts,
    wherever they are made, add up to the batch that one machine would have made.

    Args:
        index: which part, from 0.
        count: how many there are.
    """

    index: int = 0
    count: int = 1

    def size(self, batch_size: int) -> int:
        """Images of the part; InputError if a batch of that size has no such part."""
        if batch_size % self.count or not 0 <= self.index < self.count:
            raise InputError(
                "A batch is made in equal parts, numbered from 0. Received: part "
                f"{self.index} of {self.count} of batch_size={batch_size}"
            )
        return batch_size // self.count

    def of(self, tensor: tf.Tensor, groups: int = 1) -> tf.Tensor:
        """The part's share of a tensor of the whole batch."""
        if self.count == 1:
            return tensor
        whole = tf.split(tensor, groups)
        return tf.concat([tf.split(one, self.count)[self.index] for one in whole], 0)


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

    Within an epoch of a source every image comes once; a batch may straddle two
    epochs. The stream from `start_step=k` equals that from 0 without its first k
    batches, bit by bit.

    Args:
        sources: one `LabeledImages` or several, of one image size.
        batch_size: images per batch, at least 1.
        seed: integer in [0, 2³¹); decides the order and the flips.
        start_step: number of the first batch, for a resumed run.
        flip: mirror each image with probability one half.
        cache: `"auto"`, `"always"` or `"never"`, see `open_images`.
        dataset_weights: how often to draw from each source, relative to the others,
            see `take_turns`; by default equally often.
        part: which part of each batch to make, where machines share the work;
            `batch_size` remains that of the whole.

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
            f"dataset_weights must be one for each of {len(sources)} data sets. "
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

    The sources follow one another, and no batch holds images of two sources.

    Args:
        sources: one `LabeledImages` or several, of one image size.
        batch_size: images per batch, at least 1.
        cache: `"auto"`, `"always"` or `"never"`, see `open_images`.

    Returns:
        Finite dataset of `(image, label)` as in `training_batches`.

    Raises:
        InputError: if an argument is out of range, or no image can be read.
    """
    check_range("batch_size", batch_size, 1)
    sources, space = _as_sources(sources)
    stores = [open_images(source, cache) for source in sources]
    parts = [
        _in_order(store, _fetcher(store, space, number), batch_size)
        for number, store in enumerate(stores)
    ]
    batches = functools.reduce(lambda one, other: one.concatenate(other), parts)
    return batches.prefetch(tf.data.AUTOTUNE)


# Shared with the pipelines of model families


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
    """Endless batches, made in parallel and in order.

    Args:
        load: number of a batch → the batch, by TensorFlow operations.
    """
    # A range, because a tf.data service cannot deal out a counter to its workers.
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
    """Mirrors each image left to right with probability one half.

    Args:
        images: tensor (n, height, width, channels), n known.
    """
    shape = (images.shape[0] * part.count, 1, 1, 1)
    chance = part.of(tf.random.stateless_uniform(shape, seed=seed), groups)
    # Not tf.where over all of them: that takes longer than all else but decoding.
    mirrored = tf.where(tf.reshape(chance, [-1]) < 0.5)
    flipped = tf.reverse(tf.gather_nd(images, mirrored), axis=[2])
    return tf.tensor_scatter_nd_update(images, mirrored, flipped)


def reader(store: ImageStore) -> Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]:
    """How TensorFlow reads from a store, inside a tf.data map.

    Returns:
        A function: int64 positions (k,) → uint8 images (k, h, w, c), and the positions
        they were really taken from.
    """
    if isinstance(store, DecodedImages):
        return functools.partial(_decode, store)
    with tf.device("CPU"):
        rows = tf.constant(store.rows, tf.int64)

    def read(positions: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        # The file becomes a tensor through a memory map, so that batches are gathered
        # without entering Python: nothing competes with the training loop for its lock.
        # Opened inside of the graph, it is not sent along to a tf.data service.
        images = tf.raw_ops.ImmutableConst(
            dtype=store.dtype,
            shape=store.shape,
            memory_region_name=str(store.path.absolute()),
        )
        return tf.gather(images, tf.gather(rows, positions)), positions

    return read  # The entry is in use as long as it can be read from.


def _decode(store: DecodedImages, positions: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    shape, dtype = store.source.info.shape, store.source.info.dtype

    def decode(positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        with _calls:
            if _calls.closed:
                return np.zeros((len(positions), *shape), dtype), positions
            return store.get(positions)

    # A batch per call, not an image: the calls run in parallel all the same, and
    # entering Python costs more than copying an image.
    images, taken = tf.numpy_function(
        decode, [positions], (tf.as_dtype(dtype), tf.int64)
    )
    images = tf.ensure_shape(images, (None, *shape))
    return images, tf.ensure_shape(taken, (None,))


class _CallCounter:
    """Lets no tf.data thread be inside Python when the interpreter shuts down.

    Python never gives its lock back to a thread that asks for it during shutdown, and
    TensorFlow waits for that thread when the last iterator goes: the process would
    hang at its end. So at exit calls return blank images at once, until the
    prefetch buffers are full and no further call comes.
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
    # Batches that came from this source before.
    turn = rounds * look_up(turns.shares, source) + look_up(turns.before, place)
    drawn = turn * batch_size + tf.range(batch_size, dtype=tf.int64)
    # A permutation evaluated place by place: nothing of the data set's length is
    # shuffled, and no epoch has to be replayed when a run is resumed.
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
    """Images of one source in order; one found to be unreadable is left out."""

    def load(positions: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        images, labels, taken = fetch(positions)
        wanted = taken == positions  # Elsewhere a neighbor stands in.
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
    """Positions → (uint8 images, labels, positions they were taken from)."""
    read = reader(store)
    labels = tf.constant(space.embed(store.labels, number))

    def fetch(positions: tf.Tensor) -> tuple[tf.Tensor, ...]:
        images, taken = read(positions)
        return images, tf.gather(labels, taken), taken

    return fetch


def to_float(images: tf.Tensor) -> tf.Tensor:
    """uint8 images as float32 in [-1, 1]; measured ones are that already."""
    floats = tf.cast(images, tf.float32)
    return floats / 127.5 - 1.0 if images.dtype == tf.uint8 else floats


def _as_sources(sources: Sources) -> tuple[list[LabeledImages], LabelSpace]:
    sources = [sources] if isinstance(sources, LabeledImages) else list(sources)
    return sources, LabelSpace([source.info for source in sources])
