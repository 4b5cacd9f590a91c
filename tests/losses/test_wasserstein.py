"""WGAN-GP terms on numbers that can be checked by hand."""

import numpy as np
import pytest

from stargan_tf.models.stargan.objective import (
    critic_loss,
    gradient_penalty,
    interpolate,
)


def test_critic_loss_is_minus_the_mean_for_real_and_the_mean_for_fake():
    logits = np.array([[1.0, 2.0], [3.0, 6.0]], np.float32)
    assert float(critic_loss(logits, real=True)) == -3.0
    assert float(critic_loss(logits, real=False)) == 3.0


def test_interpolate_takes_alpha_of_the_real_image():
    real, fake = np.full((2, 1, 1, 1), 10.0), np.full((2, 1, 1, 1), 20.0)
    alpha = np.array([1.0, 0.25]).reshape(2, 1, 1, 1)
    np.testing.assert_allclose(np.ravel(interpolate(real, fake, alpha)), [10.0, 17.5])


def test_gradient_penalty_is_the_squared_distance_of_the_norm_from_one():
    gradients = np.zeros((2, 1, 2, 2), np.float32)
    gradients[0, 0, 0] = [3.0, 4.0]  # norm 5
    gradients[1, 0, 1] = [0.0, 1.0]  # norm 1
    assert float(gradient_penalty(gradients)) == pytest.approx((16.0 + 0.0) / 2)


def test_gradient_penalty_of_a_dead_critic_is_one_and_has_a_finite_slope():
    import tensorflow as tf

    gradients = tf.Variable(tf.zeros((1, 2, 2, 3)))
    with tf.GradientTape() as tape:
        penalty = gradient_penalty(gradients)
    assert float(penalty) == 1.0
    assert np.all(np.isfinite(tape.gradient(penalty, gradients)))
