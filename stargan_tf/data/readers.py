"""Image stores as TensorFlow operations: positions → images, inside a tf.data map."""

import atexit
import threading
import time
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from stargan_tf.data.cache import CachedImages
from stargan_tf.data.decoded_images import DecodedImages

QUIET_S, PATIENCE_S = 0.2, 30.0

Reader = Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]


def reader(store: CachedImages | DecodedImages) -> Reader:
    """How TensorFlow reads from a store.

    Args:
        store: images opened by `open_images`.

    Returns:
        A function: int64 positions (k,) → uint8 images (k, s, s, 3), and the positions
        they were really taken from.
    """
    if isinstance(store, CachedImages):
        return _cache_reader(store)
    return _decoding_reader(store)


def _cache_reader(store: CachedImages) -> Reader:
    with tf.device("CPU"):
        rows = tf.constant(store.rows, tf.int64)

    def read(positions: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        # The file becomes a tensor through a memory map, so that batches are gathered
        # without entering Python: nothing competes with the training loop for its lock.
        # Opened inside of the graph, it is not sent along to a tf.data service.
        images = tf.raw_ops.ImmutableConst(
            dtype=tf.uint8,
            shape=store.shape,
            memory_region_name=str(store.path.absolute()),
        )
        return tf.gather(images, tf.gather(rows, positions)), positions

    read.store = store  # The entry is in use as long as it can be read from.
    return read


def _decoding_reader(store: DecodedImages) -> Reader:
    size = store.source.info.image_size

    def decode(positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        with _calls:
            if _calls.closed:
                return np.zeros((len(positions), size, size, 3), np.uint8), positions
            return store.get(positions)

    def read(positions: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        # A batch per call, not an image: the calls run in parallel all the same, and
        # entering Python costs more than copying an image.
        images, taken = tf.numpy_function(decode, [positions], (tf.uint8, tf.int64))
        images = tf.ensure_shape(images, (None, size, size, 3))
        return images, tf.ensure_shape(taken, (None,))

    return read


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
