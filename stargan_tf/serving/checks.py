"""Checks inside of the graph.

TF Serving compares names and types of a request with the signature and no shapes: what
does not fit would broadcast silently, or die inside of a kernel. Each check here is
INVALID_ARGUMENT with a sentence.
"""

import tensorflow as tf

from stargan_tf.serving.endpoint import Endpoint


def checked(endpoint: Endpoint) -> Endpoint:
    """The endpoint behind checks of every input's shape and of equal batches.

    Args:
        endpoint: any.
    """

    def function(*inputs):
        batches = [tf.shape(tensor)[0] for tensor in inputs]
        shaped = [
            _ensured(tensor, spec)
            for tensor, spec in zip(inputs, endpoint.inputs, strict=True)
        ]
        names = ", ".join(spec.name for spec in endpoint.inputs)
        equal = [
            tf.debugging.assert_equal(
                batch,
                batches[0],
                f"Send as many rows in each of {names}: one per image",
            )
            for batch in batches[1:]
        ]
        filled = tf.debugging.assert_positive(
            batches[0], f"The batch is empty. Send at least one row in {names}"
        )
        with tf.control_dependencies([filled, *equal]):
            return endpoint.function(*(tf.identity(tensor) for tensor in shaped))

    return Endpoint(endpoint.name, function, endpoint.inputs)


def _ensured(tensor, spec):
    # It stays in the graph, although the signature says the same.
    return tf.ensure_shape(tensor, spec.shape, name=f"shape_of_{spec.name}")


def check_between(values, low, high, message):
    """Values, or INVALID_ARGUMENT if one of them is outside of [low, high].

    Args:
        values: tensor.
        low: smallest value allowed.
        high: largest value allowed.
        message: the sentence.
    """
    inside = tf.reduce_all((values >= low) & (values <= high))
    with tf.control_dependencies([tf.debugging.Assert(inside, [message, values])]):
        return tf.identity(values)
