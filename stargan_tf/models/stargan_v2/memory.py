"""Memory savings: gradient accumulation over micro-batches, and rematerialization."""

import tensorflow as tf

from stargan_tf.errors import InputError


def mean_over_micro_batches(gradients, batch, count, variables):
    """Computes the gradients of a batch with the memory of one micro-batch.

    Args:
        gradients: function from a batch to the gradients of a loss that is a mean over
            the batch; dense, nested like `variables`.
        batch: a structure of tensors (batch, …); entries may be None.
        count: number of micro-batches; must divide the batch size. On several
            devices, it is increased until it divides the share of a device.
        variables: a structure of variables.

    Returns:
        The result of `gradients(batch)`, up to rounding.

    Raises:
        InputError: if `count` does not divide the batch size on one device.
    """
    size = tf.nest.flatten(batch)[0].shape[0]
    if size and tf.distribute.get_strategy().num_replicas_in_sync > 1:
        counts = range(min(count, size), size + 1)
        count = next(number for number in counts if size % number == 0)
    if count == 1:
        return gradients(batch)

    def stack(tensor):
        """(batch, …) → (count, batch / count, …)."""
        if tensor is None:
            return None
        size = tensor.shape[0]
        if size is not None and size % count:
            raise InputError(
                f"The batch size must be a multiple of accumulate={count}. "
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
    # A `tf.while_loop`: unrolled, the micro-batches could be computed in parallel.
    _, sums = tf.while_loop(
        lambda index, sums: index < count,
        add,
        (tf.constant(0), zeros),
        parallel_iterations=1,
    )
    return tf.nest.map_structure(lambda total: total / count, sums)


def rematerialized(function):
    """Wraps `function` to recompute its activations in the backward pass.

    Only inputs and outputs are stored. `tf.recompute_grad` lets TensorFlow start the
    recomputation too early, which saves no memory.
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
    """Converts the gradient of a variable to a dense tensor.

    Heads of domains that do not occur in the batch get a gradient of zero. They must be
    updated, because of momentum and L2 regularization.
    """
    if not isinstance(gradient, tf.IndexedSlices):
        return gradient
    return tf.math.unsorted_segment_sum(
        gradient.values, gradient.indices, variable.shape[0]
    )
