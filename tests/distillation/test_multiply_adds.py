"""Counts that can be checked by hand."""

import keras
import tensorflow as tf
from keras import layers

from stargan_tf.distillation.distiller import counted, multiply_adds


def count(layer, *shape):
    inputs = keras.Input(shape)
    return multiply_adds(keras.Model([inputs], layer(inputs)), [shape])


def test_convolutions():
    plain = layers.Conv2D(8, 3, padding="same")
    assert count(plain, 4, 4, 3) == 4 * 4 * 8 * 3 * 9
    strided = layers.Conv2D(8, 4, 2, padding="same")
    assert count(strided, 4, 4, 3) == 2 * 2 * 8 * 3 * 16
    # What falls off the border is counted, as it is for other convolutions.
    transposed = layers.Conv2DTranspose(8, 4, 2, padding="same")
    assert count(transposed, 4, 4, 3) == 4 * 4 * 8 * 3 * 16


def test_separable_convolutions_are_a_depthwise_and_a_small_one():
    separable = layers.SeparableConv2D(8, 3, padding="same")
    assert count(separable, 4, 4, 3) == 4 * 4 * 3 * 9 + 4 * 4 * 3 * 8


def test_matrix_products():
    assert count(layers.Dense(5), 7) == 35


def test_norms_and_activations_cost_nothing():
    assert count(layers.LayerNormalization(), 7) == 0
    assert count(layers.ReLU(), 7) == 0


def test_gradients_cost_as_much_to_each_side():
    @tf.function(autograph=False)
    def gradients(image, kernel, matrix):
        with tf.GradientTape() as tape:
            tape.watch([image, kernel, matrix])
            rows = tf.reshape(tf.nn.conv2d(image, kernel, 1, "SAME"), (4, 8))
            loss = tf.reduce_sum(rows @ matrix)
        return tape.gradient(loss, [image, kernel, matrix])

    shapes = ((1, 2, 2, 3), (3, 3, 3, 8), (8, 5))
    function = gradients.get_concrete_function(*map(tf.TensorSpec, shapes))
    forward = 2 * 2 * 8 * 3 * 9 + 4 * 8 * 5
    assert counted(function.graph.get_operations()) == 3 * forward
