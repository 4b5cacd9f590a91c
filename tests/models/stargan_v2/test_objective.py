"""StarGAN v2's loss terms on networks of one weight, by hand."""

from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.models.base import value_and_slope
from stargan_tf.models.stargan_v2.objective import (
    discriminator_terms,
    diversity_weight,
    generator_table,
    generator_terms,
    mode_seeking,
    non_saturating_loss,
    r1_penalty,
)


@pytest.mark.parametrize(
    ("logit", "real", "expected"),
    [
        (0.0, True, np.log(2)),
        (0.0, False, np.log(2)),
        (2.0, True, np.log1p(np.exp(-2))),
        (2.0, False, np.log1p(np.exp(2))),
        (1e4, True, 0.0),
        (1e4, False, 1e4),
    ],
)
def test_a_verdict_costs_its_softplus(logit, real, expected):
    loss = float(non_saturating_loss(np.float32([logit]), real))
    assert loss == pytest.approx(expected, rel=1e-5)


def test_r1_is_half_the_squared_norm_averaged_over_images():
    gradients = np.zeros((2, 2, 2, 1), np.float32)
    gradients[0, 0] = [[3.0], [4.0]]
    assert float(r1_penalty(gradients)) == pytest.approx(0.5 * 25 / 2)


IMAGE = tf.reshape(tf.range(24, dtype=tf.float32) / 24, (2, 2, 2, 3))
BATCH = SimpleNamespace(
    image=IMAGE, domain=tf.constant([0, 1]), target=tf.constant([1, 1]), masks=None
)


def test_r1_of_a_linear_discriminator_is_half_its_squared_weights():
    w = tf.constant(np.random.default_rng(0).standard_normal((2, 2, 3)), tf.float32)

    def discriminator(image, domain):
        return tf.reduce_sum(w * image, axis=(1, 2, 3))

    terms = discriminator_terms(discriminator, value_and_slope, BATCH, IMAGE)
    assert float(terms["r1"]) == pytest.approx(float(tf.reduce_sum(w**2)) / 2, rel=1e-6)


def test_each_image_is_judged_in_its_own_domain():
    def discriminator(image, domain):
        return tf.cast(domain, tf.float32) * 2 + 0 * tf.reduce_sum(image, (1, 2, 3))

    terms = discriminator_terms(discriminator, value_and_slope, BATCH, IMAGE)
    assert float(terms["real"]) == pytest.approx((np.log(2) + np.log1p(np.exp(-2))) / 2)
    assert float(terms["fake"]) == pytest.approx(np.log1p(np.exp(2)))


def terms_of_a_generator_that_adds_its_style(
    masks=None, seen=None, diversity_term="difference"
):
    """G(x, s) = x + s, E_y(x) = y, D = 0, s = 3, the second image = x - 1."""

    def generator(image, style, masks):
        if seen is not None:
            seen.append(masks)
        return image + style[:, None, None, :]

    def style_encoder(image, domain):
        return tf.cast(domain, tf.float32)[:, None]

    return generator_terms(
        generator,
        lambda image, domain: tf.zeros(2),
        style_encoder,
        lambda image: None if masks is None else tf.reduce_mean(image),
        SimpleNamespace(**{**vars(BATCH), "masks": masks}),
        tf.fill((2, 1), 3.0),
        IMAGE - 1,
        generator_table(diversity_term),
        distance=2.0,
    )


def test_the_generator_s_terms():
    terms = terms_of_a_generator_that_adds_its_style()
    expected = {
        "adversarial": np.log(2),
        "style": 3 - 1,  # |s - E_ỹ(x')|
        "diversity": 3 + 1,  # |(x + 3) - (x - 1)|
        "cycle": (3 + 4) / 2,  # |x + 3 + y - x| for y = 0 and 1
    }
    assert {k: float(v) for k, v in terms.items()} == pytest.approx(expected)


def test_mode_seeking_takes_the_place_of_the_diversity():
    terms = terms_of_a_generator_that_adds_its_style(diversity_term="mode_seeking")
    assert set(terms) == {"adversarial", "style", "mode_seeking", "cycle"}
    # The images differ by 4, their codes by 2.
    assert float(terms["mode_seeking"]) == pytest.approx(1 / (4 / 2 + 1e-5))


def test_mode_seeking_of_equal_codes_is_finite():
    assert np.isfinite(float(mode_seeking(IMAGE, IMAGE, 0.0)))


def test_the_cycle_takes_the_masks_of_the_fake():
    seen = []
    terms_of_a_generator_that_adds_its_style(masks=tf.constant(7.0), seen=seen)
    own, fake = map(float, seen)
    assert own == 7.0
    assert fake == pytest.approx(float(tf.reduce_mean(IMAGE)) + 3)


@pytest.mark.parametrize(
    ("step", "expected"), [(0, 2.0), (25, 1.5), (99, 0.02), (100, 0.0), (500, 0.0)]
)
def test_the_diversity_weight_falls_straight_to_zero(step, expected):
    assert float(diversity_weight(2.0, step, 100)) == pytest.approx(expected, abs=1e-6)
