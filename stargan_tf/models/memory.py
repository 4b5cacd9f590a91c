"""Less memory for more time: inner values are computed again in the backward pass."""

import tensorflow as tf

from stargan_tf.errors import InputError

# Gradients of gathered weights as tensors.


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


# Gradient accumulation: a batch in parts, with the result of the whole.


def mean_over_parts(gradients, batch, parts, variables):
    """The gradients of a batch, computed part by part.

    Args:
        gradients: batch → gradients of a loss that is a mean over the batch, dense,
            nested like `variables`.
        batch: a structure of tensors (batch, …); entries may be None.
        parts: how many; each has as many samples.
        variables: what the gradients are of, nested.

    Returns:
        What `gradients(batch)` returns, to rounding; only one part's memory is used
        at a time.

    Raises:
        InputError: if the batch cannot be split into so many equal parts.
    """
    if parts == 1:
        return gradients(batch)
    stacks = tf.nest.map_structure(lambda tensor: _stack(tensor, parts), batch)

    def add(index, sums):
        part = tf.nest.map_structure(
            lambda stack: None if stack is None else stack[index], stacks
        )
        return index + 1, tf.nest.map_structure(tf.add, sums, gradients(part))

    zeros = tf.nest.map_structure(lambda v: tf.zeros(v.shape, v.dtype), variables)
    # A loop and not a repetition: the parts would otherwise be computed at once.
    _, sums = tf.while_loop(
        lambda index, sums: index < parts,
        add,
        (tf.constant(0), zeros),
        parallel_iterations=1,
    )
    return tf.nest.map_structure(lambda total: total / parts, sums)


def _stack(tensor, parts):
    """(batch, …) → (parts, batch / parts, …)."""
    if tensor is None:
        return None
    size = tensor.shape[0]
    if size is not None and size % parts:
        raise InputError(
            f"A batch must split into accumulate={parts} equal parts. "
            f"Received: a batch of {size}"
        )
    shape = (parts, -1 if size is None else size // parts)
    return tf.reshape(tensor, (*shape, *tensor.shape[1:]))


def rematerialised(function):
    """`function`, of which only inputs and output are stored for the gradient.

    (`tf.recompute_grad` lets TensorFlow start the second computation before the
    first one's consumers are done, which saves nothing.)

    Args:
        function: from float tensors to one tensor. It is differentiated once only: a
            gradient of a gradient, as R1 takes it, needs the function itself.

    Returns:
        A function with the same values and gradients.
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
