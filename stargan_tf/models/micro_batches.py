"""Gradient accumulation: a batch in parts, with the result of the whole."""

import tensorflow as tf

from stargan_tf.errors import InputError


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
