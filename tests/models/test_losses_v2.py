"""StarGAN v2's adversarial terms, by hand."""

import numpy as np
import pytest

from stargan_tf.models.stargan_v2.objective import non_saturating_loss, r1_penalty


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
