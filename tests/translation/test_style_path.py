"""The way from style to style."""

import numpy as np
import pytest

from stargan_tf.errors import InputError
from stargan_tf.steering.styles import StylePath, linear, spherical

POINTS = np.array([[3.0, 0.0], [0.0, 3.0], [-3.0, 0.0]])


def path(points=POINTS, blend=linear):
    return StylePath(points, blend, np.asarray)


def test_an_open_way_goes_from_the_first_to_the_last():
    styles = path().styles(5)
    assert styles.dtype == np.float32
    np.testing.assert_allclose(styles[[0, 2, 4]], POINTS)
    np.testing.assert_allclose(styles[1], [1.5, 1.5])


def test_a_closed_way_leads_back_without_a_repeated_frame():
    styles = path().styles(6, closed=True)
    np.testing.assert_allclose(styles[::2], POINTS)
    np.testing.assert_allclose(styles[5], [0.0, 0.0], atol=1e-6)


def test_the_way_is_smooth():
    steps = np.linalg.norm(np.diff(path(POINTS[:2]).styles(101), axis=0), axis=1)
    assert steps[0] < 0.05 * steps.max() and steps[-1] < 0.05 * steps.max()
    assert np.abs(np.diff(steps)).max() < 0.04 * steps.max()


def test_on_the_arc_the_length_stays():
    styles = path(blend=spherical).styles(41)
    np.testing.assert_allclose(np.linalg.norm(styles, axis=1), 3.0, rtol=1e-5)
    lengths = np.linalg.norm(
        path(POINTS * [[1], [2], [3]], spherical).styles(9), axis=1
    )
    assert (np.diff(lengths) > 0).all()


def test_equal_and_opposite_codes_have_no_arc():
    points = np.array([[1.0, 0.0], [1.0, 0.0], [-1.0, 0.0], [0.0, 0.0]])
    styles = path(points, spherical).styles(13)
    assert np.isfinite(styles).all()
    np.testing.assert_allclose(styles[::4][:4], points[[0, 1, 2, 3]], atol=1e-6)


def test_one_style_or_one_step_is_no_way():
    with pytest.raises(InputError, match="two styles. Received: 1"):
        path(POINTS[:1])
    with pytest.raises(InputError, match="2 steps. Received: 1"):
        path().styles(1)
