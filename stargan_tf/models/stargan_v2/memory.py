"""Less memory: a batch in micro-batches, and inner values computed twice."""

import tensorflow as tf

from stargan_tf.errors import InputError


def mean_over_micro_batches(gradients, batch, count, variables):
    """The gradients of a batch, computed micro-batch by micro-batch.

    Args:
        gradients: batch → gradients of a loss that is a mean over the batch, dense,
            nested like `variables`.
        batch: a structure of tensors (batch, …); entries may be None.

    Returns:
        What `gradients(batch)` returns, to rounding; only the memory of one
        micro-batch is used at a time.
    """
    if count == 1:
        return gradients(batch)

    def stack(tensor):
        """(batch, …) → (count, batch / count, …)."""
        if tensor is None:
            return None
        size = tensor.shape[0]
        if size is not None and size % count:
            raise InputError(
                f"A batch must split into accumulate={count} equal parts. "
                f"Received: a batch of {size}"
            )
        rows = -1 if size is None else size // count
        return tf.reshape(tensor, (count, rows, *tensor.shape[1:]))

    stacks = tf.nest.map_structure(stack, batch)

    def add(index, sums):
        micro_batch = tf.nest.map_structure(
            lambda tensors: None if tensors is None else tensors[index], stacks
        )
        return index + 1, tf.nest.map_structure(tf.add, sums, gradients(micro_batch))

    zeros = tf.nest.map_structure(lambda v: tf.zeros(v.shape, v.dtype), variables)
    # A loop and not a repetition: they would otherwise be computed at once.
    _, sums = tf.while_loop(
        lambda index, sums: index < count,
        add,
        (tf.constant(0), zeros),
        parallel_iterations=1,
    )
    return tf.nest.map_structure(lambda total: total / count, sums)


def rematerialized(function):
    """`function`, of which only inputs and output are stored for the gradient.

    (`tf.recompute_grad` lets TensorFlow start the second computation before the
    first one's consumers are done, which saves nothing.)
    """

    @tf.custom_gradient
    def call(*inputs):
        output = function(*inputs)

        def gradient(upstream, variables=()):
            with tf.control_dependencies([upstream]):
                again = [tf.identity(tensor) for tensor in inputs]
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch([*again, *variables])
                output_again = function(*again)
            slopes = tape.gradient(
                output_again,
                [*again, *variables],
                upstream,
                tf.UnconnectedGradients.ZERO,
            )
            slopes = [
                dense(slope, of)
                for slope, of in zip(slopes, [*again, *variables], strict=True)
            ]
            return slopes[: len(inputs)], slopes[len(inputs) :]

        return output, gradient

    return call


def dense(gradient, variable):
    """A variable's gradient as a tensor: zero for heads that the batch did not use.

    They must not be left out: momentum and L2 move them all the same.
    """
    if not isinstance(gradient, tf.IndexedSlices):
        return gradient
    return tf.math.unsorted_segment_sum(
        gradient.values, gradient.indices, variable.shape[0]
    )
