"""StarGAN v1's loss terms on numbers that can be checked by hand."""

import math

import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.models.stargan.objective import (
    binary_classification,
    critic_loss,
    domain_classification,
    gradient_penalty,
    one_hot_classification,
)

LOG_2 = math.log(2.0)


def test_binary_classification_sums_over_attributes():
    label = np.array([[1.0, 0.0, 1.0]], np.float32)
    assert float(
        binary_classification(label, np.zeros((1, 3), np.float32))[0]
    ) == pytest.approx(3 * LOG_2)


def test_binary_classification_is_softplus_of_the_wrong_direction():
    label, logits = np.array([[1.0, 0.0]], "f"), np.array([[2.0, 2.0]], "f")
    expected = math.log1p(math.exp(-2.0)) + math.log1p(math.exp(2.0))
    assert float(binary_classification(label, logits)[0]) == pytest.approx(expected)


def test_one_hot_classification_of_equal_logits_is_the_log_of_the_count():
    label = np.eye(4, dtype=np.float32)[:2]
    losses = one_hot_classification(label, np.ones((2, 4), np.float32))
    np.testing.assert_allclose(losses, [math.log(4)] * 2, rtol=1e-6)


PARTS = ((slice(0, 2), "binary"), (slice(2, 5), "one_hot"))


def test_one_data_set_has_no_mask():
    label = np.array([[1.0, 1.0], [0.0, 0.0]], np.float32)
    loss = domain_classification(label, np.zeros((2, 2), "f"), PARTS[:1])
    assert float(loss) == pytest.approx(2 * LOG_2)


def test_joint_labels_count_only_where_the_mask_says_known():
    first = [1, 0, 0, 0, 0, 1, 0]
    second = [0, 0, 0, 1, 0, 0, 1]
    label = np.array([first, second], np.float32)
    logits = np.zeros((2, 5), np.float32)
    loss = domain_classification(label, logits, PARTS)
    assert float(loss) == pytest.approx((2 * LOG_2 + math.log(3)) / 2)


def test_unknown_part_has_no_gradient():
    label = tf.constant([[1.0, 0, 0, 0, 0, 1, 0]])
    logits = tf.Variable(tf.random.stateless_normal((1, 5), (1, 2)))
    with tf.GradientTape() as tape:
        loss = domain_classification(label, logits, PARTS)
    gradient = tape.gradient(loss, logits).numpy()[0]
    assert np.all(gradient[:2] != 0) and np.all(gradient[2:] == 0)


def test_critic_loss_is_minus_the_mean_for_real_and_the_mean_for_fake():
    logits = np.array([[1.0, 2.0], [3.0, 6.0]], np.float32)
    assert float(critic_loss(logits, real=True)) == -3.0
    assert float(critic_loss(logits, real=False)) == 3.0


def test_gradient_penalty_is_the_squared_distance_of_the_norm_from_one():
    gradients = np.zeros((2, 1, 2, 2), np.float32)
    gradients[0, 0, 0] = [3.0, 4.0]  # norm 5
    gradients[1, 0, 1] = [0.0, 1.0]  # norm 1
    assert float(gradient_penalty(gradients)) == pytest.approx((16.0 + 0.0) / 2)


def test_gradient_penalty_of_a_dead_critic_is_one_and_has_a_finite_slope():
    gradients = tf.Variable(tf.zeros((1, 2, 2, 3)))
    with tf.GradientTape() as tape:
        penalty = gradient_penalty(gradients)
    assert float(penalty) == 1.0
    assert np.all(np.isfinite(tape.gradient(penalty, gradients)))
