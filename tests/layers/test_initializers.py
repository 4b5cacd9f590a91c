"""Initial weights: their spread."""

import numpy as np
import pytest

from stargan_tf.layers.initializers import he_normal


def test_he_normal_has_the_variance_of_one_head():
    values = he_normal(heads=50)((50, 40, 30)).numpy()
    assert values.std() == pytest.approx(np.sqrt(2 / 40), rel=0.02)
    assert np.abs(values).max() > 3 * np.sqrt(2 / 40)  # not truncated
