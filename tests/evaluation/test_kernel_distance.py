import numpy as np
import pytest

from stargan_tf.errors import InputError
from stargan_tf.evaluation import fid as kernel_distance
from stargan_tf.evaluation.fid import (
    FeatureSummary,
    kernel_inception_distance,
    polynomial_mmd,
)


def direct(first, second):
    """The definition, pair by pair."""

    def kernel(x, y):
        return (np.dot(x, y) / len(x) + 1) ** 3

    def mean_of_pairs(points):
        pairs = [
            kernel(x, y)
            for i, x in enumerate(points)
            for j, y in enumerate(points)
            if i != j
        ]
        return np.mean(pairs)

    across = np.mean([kernel(x, y) for x in first for y in second])
    return mean_of_pairs(first) + mean_of_pairs(second) - 2 * across


def points(seed, number, width=5, shift=0.0):
    return np.random.default_rng(seed).normal(shift, 1.0, (number, width))


def test_by_hand():
    # One feature: k(1, 2) = 27, k(0, y) = 1; across the mean of 1, 1, 1, 1.
    first, second = np.array([[1.0], [2.0]]), np.array([[0.0], [0.0]])
    assert polynomial_mmd(first, second) == (27.0 + 1.0 - 2 * 1.0, None)


def test_equals_the_definition_also_in_blocks(monkeypatch):
    first, second = points(1, 9), points(2, 6, shift=0.3)
    expected = direct(first, second)
    assert polynomial_mmd(first, second)[0] == pytest.approx(expected, rel=1e-12)
    monkeypatch.setattr(kernel_distance, "ROWS_AT_ONCE", 4)
    assert polynomial_mmd(first, second)[0] == pytest.approx(expected, rel=1e-12)


def test_the_standard_error_is_the_jackknifes():
    first, second = points(3, 6), points(4, 5)
    left_1 = [direct(np.delete(first, i, axis=0), second) for i in range(6)]
    left_2 = [direct(first, np.delete(second, i, axis=0)) for i in range(5)]
    expected = np.sqrt(5 * np.var(left_1) + 4 * np.var(left_2))
    assert polynomial_mmd(first, second)[1] == pytest.approx(expected, rel=1e-9)


def test_translations_of_one_image_are_left_out_together():
    first, second = points(3, 6), points(4, 7)
    images = np.array([8, 3, 8, 5, 3, 8, 1])
    left_1 = [direct(np.delete(first, i, axis=0), second) for i in range(6)]
    left_2 = [direct(first, second[images != image]) for image in (1, 3, 5, 8)]
    expected = np.sqrt(5 * np.var(left_1) + 3 * np.var(left_2))
    value, error = polynomial_mmd(first, second, images)
    assert value == pytest.approx(direct(first, second))
    assert error == pytest.approx(expected, rel=1e-9)
    assert polynomial_mmd(first, second, np.array([0, 1, 0, 1, 0, 1, 0]))[1] is None


def test_equal_translations_are_no_surer_than_one():
    first, second = points(3, 40), points(4, 20)
    _, once = polynomial_mmd(first, second)
    _, often = polynomial_mmd(first, second.repeat(10, 0), np.arange(20).repeat(10))
    _, pooled = polynomial_mmd(first, second.repeat(10, axis=0))
    assert often == pytest.approx(once, rel=0.15) and pooled < 0.8 * once


def test_unbiased_and_the_standard_error_tells_the_spread():
    """Two sets of one distribution: 0 on average, spread as it says."""
    drawn = [polynomial_mmd(points(i, 20), points(-i % 9999, 20)) for i in range(300)]
    values, errors = np.transpose(drawn)
    assert abs(values.mean()) < 3 * values.std() / np.sqrt(300)
    assert 0.6 < np.mean(errors) / values.std() < 1.6


def test_the_result_says_how_it_was_made():
    real, fake = FeatureSummary("standard", 5), FeatureSummary("standard", 5)
    real.update(points(1, 9))
    fake.update(points(2, 6))
    result = kernel_inception_distance(real, fake)
    assert result.counts == {"real": 9, "fake": 6}
    assert (result.name, result.protocol) == ("kid", "standard")
    expected = direct(real.sample.features, fake.sample.features)
    assert result.value == pytest.approx(expected, rel=1e-5)


def test_one_image_is_too_few():
    with pytest.raises(InputError, match="Received: 1 and 4"):
        polynomial_mmd(points(1, 1), points(2, 4))
