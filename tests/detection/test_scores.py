"""Scores by hand, and against SciPy."""

import numpy as np
import pytest
from scipy import ndimage, stats

from stargan_tf.detection.scores import (
    Candidate,
    auc,
    average_precision,
    candidates,
    components,
    dice,
    froc,
    interval,
)
from stargan_tf.errors import InputError


def test_auc_by_hand():
    is_ill = np.array([1, 1, 0, 0], bool)
    assert auc(is_ill, np.array([4, 3, 2, 1])) == 1
    assert auc(is_ill, np.array([1, 1, 1, 1])) == 0.5
    # Of four pairs: right, right, wrong, equal.
    assert auc(is_ill, np.array([5, 2, 3, 2])) == 0.625


@pytest.mark.parametrize("values", [3, 1000])
def test_ranks_with_ties(values):
    rng = np.random.default_rng(values)
    is_ill = rng.random(500) < 0.3
    scores = rng.integers(values, size=500) + values * 0.2 * is_ill
    ill, healthy = scores[is_ill], scores[~is_ill]
    expected = stats.mannwhitneyu(ill, healthy).statistic / (len(ill) * len(healthy))
    assert auc(is_ill, scores) == pytest.approx(expected, abs=1e-12)
    # By its definition: the precision at each threshold, weighted by the recall gained.
    expected, recall = 0.0, 0.0
    for threshold in np.unique(scores)[::-1]:
        called = scores >= threshold
        reached = (called & is_ill).sum() / is_ill.sum()
        expected += (reached - recall) * is_ill[called].mean()
        recall = reached
    assert average_precision(is_ill, scores) == pytest.approx(expected, abs=1e-12)


def test_what_has_no_score():
    with pytest.raises(InputError, match="Received: 2 diseased, 0 healthy"):
        auc(np.ones(2), np.ones(2))
    with pytest.raises(InputError, match="a diseased image"):
        average_precision(np.zeros(2), np.ones(2))


def test_dice_by_hand():
    mask = np.zeros((4, 4), bool)
    mask[:2, :2] = True
    found = np.roll(mask, 1, axis=1)
    assert (dice(mask, mask), dice(mask, found), dice(mask, ~mask)) == (1, 0.5, 0)
    assert dice(np.zeros((2, 2)), np.zeros((2, 2))) == 1


@pytest.mark.parametrize("share", [0.0, 0.1, 0.4, 1.0])
def test_components_like_scipy(share):
    mask = np.random.default_rng(0).random((30, 40)) < share
    expected, count = ndimage.label(mask, np.ones((3, 3)))
    numbers = components(mask)
    assert numbers.max() == count
    pairs = set(zip(numbers.reshape(-1), expected.reshape(-1), strict=True))
    assert len(pairs) == len(np.unique(expected))  # The same parts, numbered otherwise.


def test_a_spiral_is_one_component():
    spiral = np.zeros((9, 9), bool)
    spiral[0], spiral[:, 8], spiral[8], spiral[2:, 0] = True, True, True, True
    spiral[2, :7], spiral[2:7, 6], spiral[6, 2:7] = True, True, True
    assert components(spiral).max() == 1


def test_candidates():
    difference = np.zeros((12, 16))
    difference[2:6, 3:7] = 0.5
    difference[8:12, 10:14] = 0.4
    difference[9, 11] = 0.9
    difference[0, 15] = 1.0  # A single pixel.
    first, second = candidates(difference, 0.2)
    assert first == Candidate((10, 8, 14, 12), 16, 0.9, (11.5, 9.5))
    assert second.box == (3, 2, 7, 6) and second.center == (4.5, 3.5)
    assert len(candidates(difference, 0.2, least=1)) == 3


def test_froc_by_hand():
    mask = np.zeros((20, 20), bool)
    mask[:5, :5], mask[10:15, 10:15], mask[19, 19] = (
        True,
        True,
        True,
    )  # The last is small.
    empty = np.zeros_like(mask)

    def at(x, y, peak):
        return Candidate((x, y, x + 1, y + 1), 10, peak, (x, y))

    found = [
        [at(2, 2, 0.9), at(3, 3, 0.8), at(8, 2, 0.7), at(12, 12, 0.5)],
        [at(5, 5, 0.6), at(6, 6, 0.4)],
    ]
    # 0.9: one of two lesions, no false positive. 0.5: both, with two in two images.
    curve = froc([mask, empty], found)
    assert (curve[0.125], curve[0.5], curve[1.0], curve[8.0]) == (0.5, 0.5, 1.0, 1.0)
    with pytest.raises(InputError, match="masks with lesions"):
        froc([empty], [[]])


def test_intervals_resample_patients():
    """Eight images of a patient are not eight patients."""
    patients = np.repeat(np.arange(20), 8)
    values = np.random.default_rng(0).normal(size=20)[patients]
    wide = interval(lambda rows: values[rows].mean(), patients)
    narrow = interval(lambda rows: values[rows].mean(), np.arange(160))
    assert wide[0] < values.mean() < wide[1]
    assert wide[1] - wide[0] > 2 * (narrow[1] - narrow[0])
    assert wide == interval(lambda rows: values[rows].mean(), patients)
