"""Instance normalisation against three lines of NumPy and against Keras' own."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.layers.normalization import InstanceNormalization

WEIGHTS = [np.array([1.0, 2.0, 0.5]), np.array([0.0, -1.0, 3.0])]


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


def penalised(layer, image):
    """Slope, and the gradients of a penalty on it in the input and the weights."""
    image = tf.constant(image)
    watched = [image, *(weight.value for weight in layer.trainable_variables)]
    with tf.GradientTape() as outer:
        outer.watch(watched)
        with tf.GradientTape() as inner:
            inner.watch(watched)
            score = tf.reduce_sum(layer(image) ** 3)
        slopes = inner.gradient(score, watched)
        penalty = sum(tf.reduce_sum(slope**2) for slope in slopes)
    return [*slopes, *outer.gradient(penalty, watched)]


def test_gradients_and_their_gradients_are_those_of_keras(image):
    ours = InstanceNormalization()
    theirs = keras.layers.GroupNormalization(-1, epsilon=1e-5)
    for layer in (ours, theirs):
        layer.build(image.shape)
        layer.set_weights(WEIGHTS)
    pairs = zip(penalised(ours, image), penalised(theirs, image), strict=True)
    for mine, reference in pairs:
        scale = float(np.abs(reference).max())
        np.testing.assert_allclose(mine, reference, atol=1e-4 * scale)


def test_half_precision_keeps_its_types():
    layer = InstanceNormalization(dtype="mixed_bfloat16")
    layer.build((2, 4, 4, 3))
    x = tf.cast(tf.random.stateless_normal((2, 4, 4, 3), (1, 2)), tf.bfloat16)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x)
    slopes = tape.gradient(y, [x, *(w.value for w in layer.trainable_variables)])
    assert [t.dtype.name for t in (y, *slopes)] == [*["bfloat16"] * 2, *["float32"] * 2]


def test_statistics_stay_in_float32_under_bfloat16():
    # 256 + noise: bfloat16 has steps of 2 there, its mean would be useless.
    image = 256.0 + np.random.default_rng(0).normal(0, 1, (1, 64, 64, 1))
    layer = InstanceNormalization(dtype="mixed_bfloat16")
    layer.autocast = False
    normal = np.asarray(layer(image.astype(np.float32)), np.float32)
    assert abs(normal.mean()) < 0.01 and abs(normal.std() - 1) < 0.01


def test_scale_and_offset_are_not_rounded_under_bfloat16():
    """Both weights of each pair are one number in bfloat16."""
    image = np.random.default_rng(0).normal(0, 1, (1, 64, 64, 1)).astype(np.float32)
    layer = InstanceNormalization(dtype="mixed_bfloat16")
    layer.build(image.shape)
    means = []
    for gamma, beta in ((1.003, 0.5), (0.999, 0.5), (1.0, 2.006), (1.0, 1.997)):
        layer.set_weights([np.array([gamma]), np.array([beta])])
        y = np.asarray(layer(image), np.float32)
        means.append((y.std(), y.mean()))
    (wide, _), (narrow, _), (_, high), (_, low) = means
    assert wide / narrow == pytest.approx(1.004, abs=2e-3)
    assert high - low == pytest.approx(0.009, abs=2e-3)


def test_round_trip():
    layer = InstanceNormalization(name="norm")
    again = InstanceNormalization.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
