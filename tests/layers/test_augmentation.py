"""What the discriminator is shown: shifts and colors, by hand."""

import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.layers.augmentation import DRAWN, augmented

STILL = np.full((1, DRAWN), 0.5, np.float32)
RNG = np.random.default_rng(0)
IMAGE = RNG.uniform(-1, 1, (1, 16, 8, 3)).astype(np.float32)


def drawn(**changed):
    numbers = STILL.copy()
    for place, value in changed.items():
        numbers[0, int(place.removeprefix("at_"))] = value
    return numbers


def test_the_middle_of_every_range_changes_nothing():
    np.testing.assert_allclose(augmented(IMAGE, STILL), IMAGE, atol=1e-6)


def test_images_shift_by_an_eighth_and_repeat_their_border():
    down = np.asarray(augmented(IMAGE, drawn(at_0=0.0)))
    np.testing.assert_allclose(down[:, 2:], IMAGE[:, :-2], atol=1e-6)
    np.testing.assert_allclose(down[:, :2], IMAGE[:, [0, 0]], atol=1e-6)
    left = np.asarray(augmented(IMAGE, drawn(at_1=1.0)))
    np.testing.assert_allclose(left[:, :, :-1], IMAGE[:, :, 1:], atol=1e-6)
    np.testing.assert_allclose(left[:, :, -1], IMAGE[:, :, -1], atol=1e-6)


def test_brightness_saturation_and_contrast():
    bright = augmented(IMAGE, drawn(at_2=1.0))
    np.testing.assert_allclose(bright, IMAGE + 0.25, atol=1e-6)
    pale = augmented(IMAGE, drawn(at_3=0.0))
    gray = IMAGE.mean(-1, keepdims=True)
    np.testing.assert_allclose(pale, (IMAGE + gray) / 2, atol=1e-6)
    flat = augmented(IMAGE, drawn(at_4=0.0))
    expected = IMAGE.mean() + 0.75 * (IMAGE - IMAGE.mean())
    np.testing.assert_allclose(flat, expected, atol=1e-6)


def test_each_image_has_its_own_and_gradients_pass():
    images = np.repeat(IMAGE, 2, axis=0)
    variable = tf.Variable(images)
    with tf.GradientTape() as tape:
        outputs = augmented(variable, np.concatenate([STILL, drawn(at_2=1.0)]))
        total = tf.reduce_sum(outputs)
    np.testing.assert_allclose(outputs[1] - outputs[0], 0.25, atol=1e-6)
    assert np.asarray(tape.gradient(total, variable)) == pytest.approx(1.0, abs=1e-4)
