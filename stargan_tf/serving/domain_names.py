"""Names of domains → their numbers, inside of the graph."""

import tensorflow as tf

from stargan_tf.data.info import DatasetInfo


def domain_numbers(info: DatasetInfo, names):
    """The numbers of domains.

    Args:
        info: the model's domains.
        names: string (n,).

    Returns:
        int32 (n,). An unknown name is INVALID_ARGUMENT.
    """
    hits = tf.strings.strip(names)[:, None] == list(info.domains)
    found = tf.reduce_all(tf.reduce_any(hits, axis=1))
    known = ", ".join(info.domains)
    message = f"An unknown domain. The model has {known}. Received:"
    with tf.control_dependencies([tf.debugging.Assert(found, [message, names])]):
        return tf.argmax(tf.cast(hits, tf.int32), axis=1, output_type=tf.int32)
