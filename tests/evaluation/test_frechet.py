import numpy as np
import pytest
import scipy.linalg

from stargan_tf.evaluation.fid import (
    FeatureSummary,
    frechet_distance,
    frechet_inception_distance,
)


def covariance(seed, width=12, rank=12):
    factor = np.random.default_rng(seed).normal(size=(width, rank))
    return factor @ factor.T


def summary(features):
    made = FeatureSummary("standard", width=features.shape[1])
    made.update(features)
    return made


def test_one_dimension_by_hand():
    # (3 − 1)² + (2 − 5)², standard deviations 2 and 5.
    one = np.array([1.0]), np.array([[4.0]])
    other = np.array([3.0]), np.array([[25.0]])
    assert frechet_distance(*one, *other) == pytest.approx(13.0, abs=1e-12)


def test_independent_directions_by_hand():
    one = np.zeros(3), np.diag([1.0, 4.0, 0.0])
    other = np.array([0.0, 0.0, 2.0]), np.diag([9.0, 4.0, 1.0])
    assert frechet_distance(*one, *other) == pytest.approx(4 + 4 + 0 + 1, abs=1e-12)


def test_equals_scipys_matrix_square_root():
    one, other = covariance(1), covariance(2)
    means = np.random.default_rng(3).normal(size=(2, 12))
    root = scipy.linalg.sqrtm(one @ other).real
    expected = np.sum((means[0] - means[1]) ** 2)
    expected += np.trace(one) + np.trace(other) - 2 * np.trace(root)
    found = frechet_distance(means[0], one, means[1], other)
    assert found == pytest.approx(expected, abs=1e-9)


def test_fewer_images_than_features():
    """Both ranks are 3: for F₁F₁ᵀ and F₂F₂ᵀ it is the nuclear norm of F₁ᵀF₂."""
    factors = np.random.default_rng(4).normal(size=(2, 40, 3))
    one, other = (factor @ factor.T for factor in factors)
    overlap = np.linalg.norm(factors[0].T @ factors[1], "nuc")
    expected = np.trace(one) + np.trace(other) - 2 * overlap
    found = frechet_distance(np.zeros(40), one, np.zeros(40), other)
    assert found == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("count", [30, 90])
def test_a_set_with_itself_is_0_and_a_shift_counts_squared(count):
    features = np.random.default_rng(5).integers(-30, 30, (count, 60))
    same = frechet_inception_distance(summary(features), summary(features[::-1]))
    assert same.value == pytest.approx(0.0, abs=1e-8)
    moved = frechet_inception_distance(summary(features), summary(features + 0.5))
    assert moved.value == pytest.approx(60 * 0.25, abs=1e-8)


@pytest.mark.parametrize(("first", "second"), [(10, 15), (10, 40), (40, 50)])
def test_few_and_many_images_take_two_ways_to_one_number(first, second):
    features = np.random.default_rng(8).integers(-9, 9, (first + second, 20))
    one, other = summary(features[:first]), summary(features[first:] * 2)
    found = frechet_inception_distance(one, other).value
    parts = (one.statistics, other.statistics)
    expected = [x for part in parts for x in (part.mean, part.covariance())]
    assert found == pytest.approx(frechet_distance(*expected), abs=1e-8)


def test_the_result_says_how_it_was_made():
    few = np.random.default_rng(6).normal(size=(10, 4))
    result = frechet_inception_distance(summary(few), summary(few[:7]))
    assert (result.name, result.protocol) == ("fid", "standard")
    assert result.counts == {"real": 10, "fake": 7}
    assert "biased" in result.note
    many = summary(np.random.default_rng(7).normal(size=(2048, 4)))
    assert frechet_inception_distance(many, many).note is None
