"""StarGAN v1's loss terms on numbers that can be checked by hand."""

import math

import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from stargan_tf.models.base import value_and_slope
from stargan_tf.models.stargan import STARGAN
from stargan_tf.models.stargan.objective import (
    NOISE,
    NON_SATURATING,
    adversarial_loss,
    binary_classification,
    critic_table,
    critic_terms,
    disturbed,
    domain_classification,
    generator_table,
    gradient_penalty,
    mean_change,
    of_label,
    one_hot_classification,
    r1_penalty,
    shifted,
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


@pytest.mark.parametrize(
    ("logits", "label", "parts", "expected"),
    [
        # A multi-task discriminator: the logit of the domain.
        ([2.0, 3.0, 5.0], [0, 1, 0], ((slice(0, 3), "one_hot"),), 3.0),
        # Projection: the first, plus those of labels that are on, minus the others.
        ([1.0, 2.0, 3.0], [1, 0], PARTS[:1], 1 + 2 - 3),
        ([7.0, 2.0, 3.0, 5.0], [0, 1, 0], ((slice(0, 3), "one_hot"),), 7 + 3),
        # The second data set has labels, the first is unknown; and the reverse.
        ([7.0, 2.0, 3.0, 5.0, 1.0, 4.0], [0, 0, 1, 0, 0, 0, 1], PARTS, 7 + 5),
        ([7.0, 2.0, 3.0, 5.0, 1.0, 4.0], [0, 1, 0, 0, 0, 1, 0], PARTS, 7 - 2 + 3),
    ],
)
def test_patch_logits_for_a_label(logits, label, parts, expected):
    logits = np.tile(np.float32(logits), (1, 2, 2, 1))
    received = of_label(logits, np.float32([label]), parts)
    assert received.shape == (1, 2, 2, 1)
    np.testing.assert_allclose(received, expected)


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
    assert float(adversarial_loss(logits, real=True)) == -3.0
    assert float(adversarial_loss(logits, real=False)) == 3.0


def test_the_non_saturating_loss_is_the_softplus_of_being_wrong():
    logits = np.array([[0.0, 2.0]], np.float32)
    real = (LOG_2 + math.log1p(math.exp(-2.0))) / 2
    fake = (LOG_2 + math.log1p(math.exp(2.0))) / 2
    assert float(adversarial_loss(logits, True, NON_SATURATING)) == pytest.approx(real)
    assert float(adversarial_loss(logits, False, NON_SATURATING)) == pytest.approx(fake)


def test_images_that_should_not_change_count_as_no_error():
    logits = np.array([[[[1.0]], [[3.0]]], [[[5.0]], [[9.0]]]], "f")  # (2, 2, 1, 1)
    changed = np.array([True, False])
    for adversarial, one in (("wgan_gp", 2.0), (NON_SATURATING, softplus_mean(1, 3))):
        loss = adversarial_loss(logits, False, adversarial, changed)
        assert float(loss) == pytest.approx(one / 2)


def softplus_mean(*logits):
    return sum(math.log1p(math.exp(logit)) for logit in logits) / len(logits)


def test_r1_is_half_the_squared_slope():
    gradients = np.zeros((2, 1, 2, 2), np.float32)
    gradients[0, 0, 0] = [3.0, 4.0]
    assert float(r1_penalty(gradients)) == pytest.approx(25.0 / 2 / 2)


def test_only_images_that_keep_their_labels_should_stay_unchanged():
    image = np.zeros((4, 1, 2, 1), np.float32)
    fake = image + np.array([1.0, 2.0, 3.0, 4.0], "f")[:, None, None, None]
    same = np.array([True, False, True, False])
    assert float(mean_change(image, fake)) == pytest.approx(10.0 / 4, abs=1e-3)
    assert float(mean_change(image, fake, same)) == pytest.approx(4.0 / 4, abs=1e-3)


def test_a_change_is_measured_over_all_channels_of_a_pixel():
    image, fake = np.zeros((1, 2, 1, 2), "f"), np.zeros((1, 2, 1, 2), "f")
    fake[0, 0, 0] = [3.0, 4.0]
    expected = math.sqrt((9.0 + 16.0) / 2) / 2  # One of two pixels.
    assert float(mean_change(image, fake)) == pytest.approx(expected, abs=2e-3)
    assert float(mean_change(image, image)) == pytest.approx(0.0, abs=1e-6)


def test_terms_without_a_weight_are_not_computed():
    paper = ["adversarial", "classification", "reconstruction"]
    assert [*generator_table(STARGAN.weights())] == paper
    assert [*generator_table(STARGAN.weights(), rectified=True)] == [*paper, "identity"]
    # The second pass takes place anyway.
    weights = STARGAN.weights() | {"identity": 0.0}
    assert [*generator_table(weights, rectified=True)] == [*paper, "identity"]
    weights = STARGAN.weights() | {"reconstruction": 0.0, "change": 1.0}
    assert [*generator_table(weights)] == ["adversarial", "classification", "change"]
    critic = ["real", "fake", "classification", "penalty"]
    assert [*critic_table(STARGAN.weights())] == critic
    assert [*critic_table(STARGAN.weights(), NON_SATURATING)] == [*critic[:3], "r1"]
    weights = STARGAN.weights() | {"gradient_penalty": 0.0}
    assert [*critic_table(weights)] == critic[:3]
    assert [*critic_table(weights, classification=False)] == critic[:2]


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


def test_smoothed_labels_ask_for_less_than_certainty():
    binary = [(slice(0, 1), "binary")]
    label, nine_to_one = np.ones((1, 1), "f"), math.log(9)

    def loss(logit):
        logits = np.full((1, 1), logit, "f")
        return float(domain_classification(label, logits, binary, 0.2))

    # Target 0.9: -0.9·log(0.9) - 0.1·log(0.1) is the least.
    assert loss(nine_to_one) == pytest.approx(0.3250830)
    assert loss(nine_to_one - 0.5) > loss(nine_to_one) < loss(nine_to_one + 0.5)
    # 0.2 / 4 for each of four domains, so that the target is (0.85, 0.05, 0.05, 0.05).
    label, logits = np.eye(4, dtype="f")[:1], np.log([[0.85, 0.05, 0.05, 0.05]])
    loss = domain_classification(label, logits, [(slice(0, 4), "one_hot")], 0.2)
    expected = -0.85 * math.log(0.85) - 0.15 * math.log(0.05)
    assert float(loss) == pytest.approx(expected, rel=1e-5)


def test_noise_of_every_scale_comes_to_images():
    image = np.zeros((3, 64, 64, 3), "f")
    for spots, deviation in NOISE.items():

        def only_this_grid(shape, size=spots or 64):
            return np.full(shape, shape[1] == size, "f")

        np.testing.assert_allclose(
            disturbed(image, only_this_grid), deviation, rtol=1e-5
        )
    drawn = np.random.default_rng(0).standard_normal
    noisy = np.asarray(disturbed(image, lambda shape: drawn(shape).astype("f")))
    assert 0.12 < noisy.std() < 0.22 and abs(noisy.mean()) < 0.05
    neighbors = np.corrcoef(noisy[:, 1:].ravel(), noisy[:, :-1].ravel())[0, 1]
    assert 0.7 < neighbors < 0.95


def test_the_classifier_may_learn_from_other_images():
    def discriminator(x):
        return ops.mean(x, axis=-1, keepdims=True), ops.mean(x, axis=(1, 2))[:, :1]

    def terms(**classified):
        ones = tf.ones((2, 4, 4, 3))
        label = np.ones((2, 1), "f")
        return critic_terms(
            discriminator,
            value_and_slope,
            ones,
            label,
            -ones,
            tf.fill((2, 1, 1, 1), 0.5),
            [(slice(0, 1), "binary")],
            critic_table(STARGAN.weights()),
            **classified,
        )

    plain = {name: float(term) for name, term in terms().items()}
    other = terms(classified=np.full((2, 4, 4, 3), 3.0, "f"))
    other = {name: float(term) for name, term in other.items()}
    assert plain["classification"] == pytest.approx(math.log1p(math.exp(-1)))
    assert other["classification"] == pytest.approx(math.log1p(math.exp(-3)))
    for name in plain.keys() - {"classification"}:
        assert other[name] == pytest.approx(plain[name])


def test_the_critic_gains_nothing_by_its_bias():
    """As many real images as generated ones count, also where some labels stay."""
    image, label = np.zeros((4, 4, 4, 3), "f"), np.zeros((4, 1), "f")

    def wasserstein(bias):
        terms = critic_terms(
            lambda x: (x[:, :1, :1, :1] + bias, x[:, 0, 0, :1]),
            value_and_slope,
            image,
            label,
            image + 1.0,
            tf.fill((4, 1, 1, 1), 0.5),
            [(slice(0, 1), "binary")],
            critic_table(STARGAN.weights()),
            changed=np.array([True, False, True, False]),
        )
        return float(terms["real"] + terms["fake"])

    assert wasserstein(0.0) == wasserstein(8.0) == 0.5


def test_images_shift_by_up_to_a_sixteenth_and_repeat_their_border():
    image = np.random.default_rng(0).uniform(-1, 1, (2, 32, 16, 3)).astype("f")
    drawn = np.array([[0.0, 0.5], [0.5, 0.999]], "f")
    down, left = np.asarray(shifted(image, drawn))
    np.testing.assert_allclose(down[2:], image[0, :-2], atol=1e-6)
    np.testing.assert_allclose(down[:2], image[0][[0, 0]], atol=1e-6)
    np.testing.assert_allclose(left[:, :-1], image[1, :, 1:], atol=1e-6)
    np.testing.assert_allclose(left[:, -1], image[1, :, -1], atol=1e-6)
    still = np.full((2, 2), 0.5, "f")
    np.testing.assert_allclose(shifted(image, still), image, atol=1e-6)


def test_gradients_pass_a_shift():
    image = tf.Variable(tf.ones((1, 16, 16, 1)))
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(shifted(image, np.array([[0.0, 0.5]], "f")))
    gradient = tape.gradient(total, image).numpy()[0, :, :, 0]
    expected = np.ones((16, 16))
    expected[0], expected[-1] = 2.0, 0.0  # Repeated, and moved out of the image.
    np.testing.assert_allclose(gradient, expected, atol=1e-6)
