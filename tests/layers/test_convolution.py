"""Convolutions against Keras' own, gradients' gradients included."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.layers import convolution
from stargan_tf.layers.convolution import (
    MAX_PIXELS,
    MIN_WEIGHTS,
    DoublingConv2D,
    HalvingConv2D,
    SmallImageConv2D,
    he_normal,
)
from tests.layers.penalized import penalized

CASES = {
    "halving": (8, {"kernel_size": 4, "strides": 2, "padding": "same"}),
    "odd one after": (8, {"kernel_size": 3, "strides": 2, "padding": "same"}),
    "odd sides": (5, {"kernel_size": 4, "strides": 2, "padding": "same"}),
    "odd to two": (3, {"kernel_size": 4, "strides": 2, "padding": "same"}),
    "same size": (4, {"kernel_size": 3, "padding": "same"}),
    "whole image": (4, {"kernel_size": 4, "padding": "valid"}),
    "not square": (6, {"kernel_size": (3, 2), "strides": (2, 1), "padding": "valid"}),
    "activated": (4, {"kernel_size": 3, "padding": "same", "activation": "relu"}),
    "no bias": (4, {"kernel_size": 3, "padding": "same", "use_bias": False}),
    "large": (16, {"kernel_size": 4, "strides": 2, "padding": "same"}),
}


@pytest.fixture(autouse=True)
def products_of_any_size(monkeypatch):
    monkeypatch.setattr(convolution, "MIN_WEIGHTS", 0)


def pair(size, arguments):
    ours, theirs = SmallImageConv2D(5, **arguments), keras.layers.Conv2D(5, **arguments)
    for layer in (ours, theirs):
        layer.build((None, size, size, 3))
    random = np.random.default_rng(0)
    weights = [random.normal(size=w.shape) for w in theirs.weights]
    for layer in (ours, theirs):
        layer.set_weights(weights)
    return ours, theirs, tf.constant(random.normal(size=(2, size, size, 3)), tf.float32)


@pytest.mark.parametrize("case", CASES)
def test_equals_keras(case):
    ours, theirs, image = pair(*CASES[case])
    results = (penalized(layer, layer.weights, image) for layer in (ours, theirs))
    for mine, reference in zip(*results, strict=True):
        np.testing.assert_allclose(mine, reference, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(
    ("size", "least", "kind"),
    [(8, 4 * 4 * 3 * 5, "MatMul"), (8, 4 * 4 * 3 * 5 + 1, "Conv2D"), (16, 0, "Conv2D")],
)
def test_large_kernels_on_small_images_are_a_product(size, least, kind, monkeypatch):
    assert (8 // 2) ** 2 <= MAX_PIXELS < (16 // 2) ** 2
    monkeypatch.setattr(convolution, "MIN_WEIGHTS", least)
    layer, _, _ = pair(size, CASES["halving"][1])
    call = tf.function(lambda image: layer(image))
    graph = call.get_concrete_function(tf.TensorSpec((None, size, size, 3))).graph
    kinds = {op.type for op in graph.get_operations()} & {"MatMul", "Conv2D"}
    assert kinds == {kind}


def test_the_papers_discriminator_has_such_kernels():
    assert 4 * 4 * 512 * 1024 >= MIN_WEIGHTS > 4 * 4 * 128 * 256


def test_a_network_with_it_is_saved_and_loaded(tmp_path):
    network = keras.Sequential([keras.Input((8, 8, 3)), SmallImageConv2D(5, 4, 2)])
    network.save(tmp_path / "network.keras")
    again = keras.models.load_model(tmp_path / "network.keras")
    image = np.ones((1, 8, 8, 3), np.float32)
    np.testing.assert_array_equal(again(image), network(image))


CONVOLUTION = {"filters": 5, "kernel_size": 3, "padding": "same"}


def halved(layer):
    return [layer, keras.layers.AveragePooling2D(2)]


def doubled(layer):
    return [keras.layers.UpSampling2D(2), layer]


RESAMPLING = {
    "halving": (HalvingConv2D, halved),
    "doubling": (DoublingConv2D, doubled),
}


def resampling_pair(case, size, **kwargs):
    kind, in_a_row = RESAMPLING[case]
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


@pytest.mark.parametrize("case", RESAMPLING)
@pytest.mark.parametrize("size", [(8, 8), (12, 10)])
@pytest.mark.parametrize("kwargs", [{}, {"use_bias": False}])
def test_equals_two_layers(case, size, kwargs):
    ours, theirs, in_a_row, image = resampling_pair(case, size, **kwargs)
    ways = ((ours, ours.weights), (in_a_row, theirs.weights))
    results = (penalized(call, weights, image) for call, weights in ways)
    for mine, reference in zip(*results, strict=True):
        scale = float(np.abs(reference).max())
        np.testing.assert_allclose(mine, reference, rtol=1e-4, atol=1e-5 * scale)
    assert ours.compute_output_shape(image.shape) == tuple(in_a_row(image).shape)


@pytest.mark.parametrize("case", RESAMPLING)
def test_round_trip(case):
    ours = RESAMPLING[case][0](5, use_bias=False, name="conv")
    again = type(ours).from_config(ours.get_config())
    assert again.get_config() == ours.get_config()


def test_odd_sides_are_doubled():
    ours, _, in_a_row, image = resampling_pair("doubling", (3, 5))
    np.testing.assert_allclose(ours(image), in_a_row(image), atol=1e-4)


def test_he_normal_has_the_variance_of_one_head():
    values = he_normal(heads=50)((50, 40, 30)).numpy()
    assert values.std() == pytest.approx(np.sqrt(2 / 40), rel=0.02)
    assert np.abs(values).max() > 3 * np.sqrt(2 / 40)  # not truncated
