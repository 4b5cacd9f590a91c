"""Batches made by the `tf.data` service: by other processes, or other machines.

A batch is TensorFlow operations on its number and on the cache's file, without Python,
so that it can be made wherever that file lies under the same path. The numbers are
dealt out to the service's workers, each one once: the batches are those that this
process would have made, bit by bit. With one worker they also come in their order.
"""

import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from stargan_tf.errors import InputError

if TYPE_CHECKING:
    import tensorflow as tf

    from stargan_tf.data.cache import CachedImages
    from stargan_tf.data.decoded_images import DecodedImages
    from stargan_tf.data.labelled_images import LabelledImages

ADDRESS = re.compile(r"grpc://(?P<host>[^/:\s]+|\[[^/\s]+\]):(?P<port>\d{1,5})")
PATIENCE_S = 10.0
# How TensorFlow begins what a worker of the service reports.
FAILED = "Failed to get element from worker"
ENDLESS = 2**62


def check_address(address: str) -> tuple[str, int]:
    """Host and port of a dispatcher.

    Args:
        address: such as `"grpc://host:5000"`.

    Raises:
        InputError: if it has another form.
    """
    match = ADDRESS.fullmatch(address)
    if not match or int(match["port"]) not in range(1, 2**16):
        raise InputError(
            "data_service must be the address of a tf.data service's dispatcher, such "
            f"as grpc://localhost:5000. Received: {address}"
        )
    return match["host"].strip("[]"), int(match["port"])


def check_answers(address: str | None) -> None:
    """Refuses a dispatcher that is not there: TensorFlow would wait for it for ever.

    Args:
        address: see `check_address`; None for no service.

    Raises:
        InputError: if the address has another form, or nothing listens there.
    """
    if address is None:
        return
    try:
        socket.create_connection(check_address(address), PATIENCE_S).close()
    except OSError as error:
        raise InputError(
            f"No tf.data service answers at {address}: {error.strerror or error}. "
            "Start its dispatcher and workers first (see docs/scaling.md), or leave "
            "data_service out."
        ) from error


def open_images(
    source: "LabelledImages", cache: str, address: str | None, **options: Any
) -> "CachedImages | DecodedImages":
    """As `image_store.open_images`; for the service always from the cache.

    Args:
        source: one split of a data set.
        cache: how to keep images, see there.
        address: of the service, or None.
        **options: further ones.

    Raises:
        InputError: as there, and if images for the service cannot be kept.
    """
    from stargan_tf.data import image_store
    from stargan_tf.data.cache import CachedImages

    if address is None:
        return image_store.open_images(source, cache, **options)
    wanted = image_store.ALWAYS if cache == image_store.AUTO else cache
    store = image_store.open_images(source, wanted, **options)
    if isinstance(store, CachedImages):
        return store
    raise InputError(
        "The tf.data service reads decoded images from the cache, for decoding enters "
        f"Python. Received: cache={cache!r}, and images that are not kept there. Set "
        "STARGAN_TF_CACHE to a folder with free space that the service's workers see."
    )


def batches_by_number(
    load: Callable[["tf.Tensor"], Any], start: int, address: str | None
) -> "tf.data.Dataset":
    """Endless batches, made in parallel and in order, here or by the service.

    Args:
        load: number of a batch → the batch.
        start: number of the first.
        address: of the service, or None.
    """
    import tensorflow as tf

    if address is None:
        numbers = tf.data.Dataset.counter(start=start)
    else:
        # A counter is not dealt out: each worker would count for itself.
        numbers = tf.data.Dataset.range(start, ENDLESS)
    # Nothing here branches on a tensor, and AutoGraph writes temporary files.
    load = tf.autograph.experimental.do_not_convert(load)
    batches = numbers.map(load, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
    if address is not None:
        dealt_out = tf.data.experimental.service.ShardingPolicy.DYNAMIC
        batches = batches.apply(
            tf.data.experimental.service.distribute(dealt_out, address)
        )
    return batches.prefetch(tf.data.AUTOTUNE)


@contextmanager
def served(address: str | None) -> Iterator[None]:
    """Around training: says so if the service's workers cannot make a batch.

    Args:
        address: of the service, or None.

    Raises:
        InputError: in place of TensorFlow's many lines.
    """
    import tensorflow as tf

    try:
        yield
    except tf.errors.OpError as error:
        if address is None or FAILED not in error.message:
            raise
        from stargan_tf.data.cache import cache_folder

        reason = error.message.partition("\n")[0].rpartition("Iterator::")[2]
        raise InputError(
            f"The tf.data service at {address} cannot make a batch: {reason}. Its "
            f"workers must see {cache_folder().absolute()} under the same path."
        ) from error
