"""Instance normalization and AdaIN against NumPy and against Keras' own."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.layers.normalization import AdaIN, InstanceNormalization

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


def penalized(layer, image):
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
    pairs = zip(penalized(ours, image), penalized(theirs, image), strict=True)
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


# --- AdaIN ------------------------------------------------------------------------


def normal(*shape, seed=0):
    values = np.random.default_rng(seed).standard_normal(shape)
    return tf.constant(values, tf.float32)


def test_adain_is_one_plus_gamma_times_the_normalized_image_plus_beta():
    x, style = normal(2, 5, 4, 3), normal(2, 7, seed=1)
    layer = AdaIN()
    ours = layer([x, style])
    kernel, _ = (w.numpy() for w in layer.affine.weights)
    gamma, beta = np.split((style.numpy() @ kernel)[:, None, None], 2, axis=-1)
    mean, variance = (f(x, axis=(1, 2), keepdims=True) for f in (np.mean, np.var))
    theirs = (1 + gamma) * (x - mean) / np.sqrt(variance + 1e-5) + beta
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_adain_gradients_are_those_of_separate_operations():
    x, style = normal(2, 5, 4, 3), normal(2, 7, seed=1)
    layer = AdaIN()
    layer([x, style])
    norm = InstanceNormalization()
    weights = [weight.value for weight in layer.affine.weights]

    def separate(x, style):
        gamma, beta = tf.split(layer.affine(style)[:, None, None], 2, axis=-1)
        return (1 + gamma) * norm(x) + beta

    def slopes(function):
        watched = [x, style, *weights]
        with tf.GradientTape() as tape:
            tape.watch(watched)
            loss = tf.reduce_sum(function(x, style) ** 3)
        return tape.gradient(loss, watched)

    pairs = zip(slopes(lambda *args: layer(args)), slopes(separate), strict=True)
    for ours, theirs in pairs:
        scale = float(tf.reduce_max(tf.abs(theirs)))
        np.testing.assert_allclose(ours, theirs, atol=1e-5 * scale)


def test_adain_does_not_round_its_style_to_bfloat16():
    """A style of 1.003 is 1 in bfloat16, and so is a scale of 1.003."""
    x = normal(1, 64, 64, 1)
    layer = AdaIN(dtype="mixed_bfloat16")
    layer.build([x.shape, (1, 1)])
    layer.affine.set_weights([np.array([[1.0, 2.0]]), np.zeros(2)])

    def spread_and_mean(style):
        y = np.asarray(layer([x, tf.constant([[style]])]), np.float32)
        return y.std(), y.mean()

    (spread, mean), (other, other_mean) = map(spread_and_mean, (1.003, 0.999))
    assert spread / other == pytest.approx(2.003 / 1.999, abs=5e-4)
    assert mean - other_mean == pytest.approx(0.008, abs=2e-3)
