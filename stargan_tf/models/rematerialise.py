"""Less memory for more time: inner values are computed again in the backward pass."""

import tensorflow as tf

from stargan_tf.models.dense_gradient import dense


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
