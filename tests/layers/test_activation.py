"""LeakyReLU: values and slopes by hand, and where no gradient goes."""

import numpy as np
import tensorflow as tf

from stargan_tf.layers.activation import LeakyReLU

X = tf.constant([-2.0, -0.5, 0.5, 3.0])


def test_values_and_slopes():
    with tf.GradientTape() as tape:
        tape.watch(X)
        y = LeakyReLU(0.2)(X)
    np.testing.assert_allclose(y, [-0.4, -0.1, 0.5, 3.0], rtol=1e-6)
    np.testing.assert_allclose(tape.gradient(y, X), [0.2, 0.2, 1.0, 1.0], rtol=1e-6)


def test_a_slope_depends_on_what_comes_from_above_and_not_on_the_input():
    weight = tf.constant(3.0)
    with tf.GradientTape() as outer:
        outer.watch([X, weight])
        with tf.GradientTape() as inner:
            inner.watch(X)
            y = weight * LeakyReLU(0.2)(X)
        slope = inner.gradient(y, X)
        penalty = tf.reduce_sum(slope**2)  # w² · (2 · 0.04 + 2)
    to_input, to_weight = outer.gradient(penalty, [X, weight])
    assert to_input is None
    np.testing.assert_allclose(to_weight, 2 * 3.0 * 2.08, rtol=1e-6)


def test_half_precision_stays():
    layer = LeakyReLU(0.2, dtype="mixed_bfloat16")
    with tf.GradientTape() as tape:
        x = tf.cast(X, tf.bfloat16)
        tape.watch(x)
        y = layer(x)
    assert y.dtype == tape.gradient(y, x).dtype == tf.bfloat16
