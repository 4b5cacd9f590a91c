"""Instance normalisation against three lines of NumPy and against Keras' own."""

import keras
import numpy as np
import pytest

from stargan_tf.layers.instance_normalization import InstanceNormalization


@pytest.fixture
def image():
    return np.random.default_rng(0).normal(3.0, 2.0, (2, 5, 7, 3)).astype(np.float32)


def test_equals_numpy(image):
    layer = InstanceNormalization()
    layer.build(image.shape)
    layer.gamma.assign([1.0, 2.0, 0.5])
    layer.beta.assign([0.0, -1.0, 3.0])
    mean = image.mean((1, 2), keepdims=True)
    variance = image.var((1, 2), keepdims=True)
    expected = (image - mean) / np.sqrt(variance + 1e-5) * [1, 2, 0.5] + [0, -1, 3]
    np.testing.assert_allclose(layer(image), expected, atol=2e-6)


def test_equals_keras_group_normalization(image):
    group = keras.layers.GroupNormalization(groups=-1, epsilon=1e-5)
    np.testing.assert_allclose(InstanceNormalization()(image), group(image), atol=2e-6)


def test_without_affine_it_has_no_weights(image):
    layer = InstanceNormalization(affine=False)
    normal = np.asarray(layer(image))
    assert not layer.weights
    np.testing.assert_allclose(normal.std((1, 2)), 1.0, atol=1e-4)


def test_statistics_stay_in_float32_under_bfloat16():
    # 256 + noise: bfloat16 has steps of 2 there, its mean would be useless.
    image = 256.0 + np.random.default_rng(0).normal(0, 1, (1, 64, 64, 1))
    layer = InstanceNormalization(dtype="mixed_bfloat16")
    layer.autocast = False
    normal = np.asarray(layer(image.astype(np.float32)), np.float32)
    assert abs(normal.mean()) < 0.01 and abs(normal.std() - 1) < 0.01


def test_round_trip():
    layer = InstanceNormalization(epsilon=1e-3, affine=False, name="norm")
    again = InstanceNormalization.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
