"""Convolutions that halve and double, against Keras' layers in a row."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.layers.convolution import DoublingConv2D, HalvingConv2D
from tests.layers.penalised import penalised

CONVOLUTION = {"filters": 5, "kernel_size": 3, "padding": "same"}


def halved(layer):
    return [layer, keras.layers.AveragePooling2D(2)]


def doubled(layer):
    return [keras.layers.UpSampling2D(2), layer]


CASES = {"halving": (HalvingConv2D, halved), "doubling": (DoublingConv2D, doubled)}


def pair(case, size, **kwargs):
    kind, in_a_row = CASES[case]
    ours = kind(5, **kwargs)
    theirs = keras.layers.Conv2D(**CONVOLUTION, **kwargs)
    random = np.random.default_rng(0)
    for layer in (ours, theirs):
        layer.build((None, *size, 3))
    weights = [random.normal(size=weight.shape) for weight in theirs.weights]
    for layer in (ours, theirs):
        layer.set_weights(weights)
    image = tf.constant(random.normal(size=(2, *size, 3)), tf.float32)
    return ours, theirs, keras.Sequential(in_a_row(theirs)), image


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("size", [(8, 8), (12, 10)])
@pytest.mark.parametrize("kwargs", [{}, {"use_bias": False}])
def test_equals_two_layers(case, size, kwargs):
    ours, theirs, in_a_row, image = pair(case, size, **kwargs)
    ways = ((ours, ours.weights), (in_a_row, theirs.weights))
    results = (penalised(call, weights, image) for call, weights in ways)
    for mine, reference in zip(*results, strict=True):
        scale = float(np.abs(reference).max())
        np.testing.assert_allclose(mine, reference, rtol=1e-4, atol=1e-5 * scale)
    assert ours.compute_output_shape(image.shape) == tuple(in_a_row(image).shape)


@pytest.mark.parametrize("case", CASES)
def test_round_trip(case):
    ours = CASES[case][0](5, use_bias=False, name="conv")
    again = type(ours).from_config(ours.get_config())
    assert again.get_config() == ours.get_config()


def test_odd_sides_are_doubled():
    ours, _, in_a_row, image = pair("doubling", (3, 5))
    np.testing.assert_allclose(ours(image), in_a_row(image), atol=1e-4)


def test_odd_sides_are_not_halved():
    with pytest.raises(ValueError, match="even"):
        HalvingConv2D(5).build((None, 7, 8, 3))


def test_an_activation_is_refused():
    with pytest.raises(ValueError, match="activation='relu'"):
        HalvingConv2D(5, activation="relu")
