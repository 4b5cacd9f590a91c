"""A gradient as part of a loss, as WGAN-GP and R1 have it."""

import tensorflow as tf


def penalized(call, weights, image):
    """Output, slope, and the gradients of a penalty on both.

    (image → output, its Keras variables, image) → [output, slope, *gradients].
    """
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            inner.watch(image)
            output = call(image)
            score = tf.reduce_sum(output**2)
        slope = inner.gradient(score, image)
        loss = tf.reduce_sum(output) + tf.reduce_sum(slope**2)
    return [output, slope, *outer.gradient(loss, [w.value for w in weights])]
