"""A replica's part of the batch that all replicas train on together.

Inside of `strategy.run` each replica sees equal parts of one global batch, in the order
of the replicas. What one device would do with the whole batch is done here with the
parts: random numbers are drawn for the whole and cut, gradients become those of the
mean over the whole. With one replica every function returns what it was given.
"""

import tensorflow as tf


def num_replicas():
    """How many replicas there are; 1 without a strategy."""
    return tf.distribute.get_strategy().num_replicas_in_sync


def global_size(tensor):
    """Samples of the global batch.

    Args:
        tensor: (local batch, …), this replica's part of it.

    Returns:
        Scalar int32 tensor.
    """
    size, replicas = tf.shape(tensor)[0], num_replicas()
    return size if replicas == 1 else size * replicas


def own_part(tensor):
    """This replica's rows of something that belongs to the global batch.

    Args:
        tensor: (global batch, …), the same on every replica.

    Returns:
        (local batch, …).
    """
    replicas = num_replicas()
    if replicas == 1:
        return tensor
    number = tf.distribute.get_replica_context().replica_id_in_sync_group
    size = tf.shape(tensor)[0] // replicas
    start = tf.cast(number, tf.int32) * size
    return tensor[start : start + size]


def whole(tensor):
    """All replicas' parts, in order.

    Args:
        tensor: (local batch, …), of a float type.

    Returns:
        (global batch, …), the same on every replica.
    """
    replicas = num_replicas()
    if replicas == 1:
        return tensor
    context = tf.distribute.get_replica_context()
    # As a sum of parts among zeros: `all_gather` asks for the tensor's device, which a
    # tensor from outside of a branch has not.
    number = tf.reshape(context.replica_id_in_sync_group, [1])
    rows = tf.one_hot(number, replicas, dtype=tensor.dtype)  # (1, replicas)
    parts = tf.tensordot(tf.transpose(rows), tensor[tf.newaxis], 1)
    parts = context.all_reduce(tf.distribute.ReduceOp.SUM, parts)
    return tf.reshape(parts, tf.concat([[-1], tf.shape(tensor)[1:]], 0))


def shares(gradients):
    """What the optimizer, which adds the replicas' gradients up, is to be given.

    The mean over the global batch is the mean of the means over its equal parts.

    Args:
        gradients: of a loss that is a mean over the local batch; entries may be None.

    Returns:
        The gradients' shares of that of the mean over the global batch.
    """
    replicas = num_replicas()
    if replicas == 1:
        return gradients
    return [None if g is None else g / replicas for g in gradients]


def check_equal_parts(tensor):
    """Refuses a global batch that the replicas do not share equally.

    Args:
        tensor: (local batch, …).

    Returns:
        The tensor.

    Raises:
        tf.errors.InvalidArgumentError: when it runs, in place of wrong gradients.
    """
    # Batches of endless data sets have a size known beforehand, equal for all.
    if num_replicas() == 1 or tensor.shape[0] is not None:
        return tensor
    size = tf.shape(tensor)[0]
    context = tf.distribute.get_replica_context()
    total = context.all_reduce(tf.distribute.ReduceOp.SUM, size)
    check = tf.debugging.assert_equal(
        size * num_replicas(),
        total,
        "Each batch must split equally over the replicas: make batches with "
        f"drop_remainder=True and a size that is a multiple of {num_replicas()}.",
    )
    with tf.control_dependencies([check] if check is not None else []):
        return tf.identity(tensor)
