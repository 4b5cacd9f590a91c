"""Many images through a network, some at a time."""

import numpy as np


def in_batches(function, count, batch_size, shape):
    """Calls a function on slices and puts the results together.

    Args:
        function: slice → array (n, *shape).
        count: rows in all.
        batch_size: rows at a time.
        shape: of one row of the result.

    Returns:
        (count, *shape), float32 where `count` is 0.
    """
    starts = range(0, count, batch_size)
    parts = [np.asarray(function(slice(i, i + batch_size))) for i in starts]
    return np.concatenate(parts) if parts else np.zeros((0, *shape), np.float32)
