"""Gradients of gathered weights as tensors."""

import tensorflow as tf


def dense(gradient, variable):
    """The gradient as a tensor, zero for heads of domains that the batch has not.

    They must not be left out: momentum and L2 move them all the same.

    Args:
        gradient: a tensor or `tf.IndexedSlices`.
        variable: what it is the gradient of.
    """
    if not isinstance(gradient, tf.IndexedSlices):
        return gradient
    return tf.math.unsorted_segment_sum(
        gradient.values, gradient.indices, variable.shape[0]
    )
