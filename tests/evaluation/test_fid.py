import numpy as np
import pytest
import scipy.linalg

from stargan_tf.errors import InputError
from stargan_tf.evaluation import fid
from stargan_tf.evaluation.fid import (
    FeatureSummary,
    factor_of,
    frechet_distance,
    frechet_inception_distance,
    kernel_inception_distance,
    polynomial_mmd,
)

VECTORS = np.arange(200, dtype=np.float32).reshape(100, 2)


def summary(features, size=100, protocol="standard", **options):
    made = FeatureSummary(protocol, features.shape[1], **options)
    for start in range(0, len(features), size):
        made.update(features[start : start + size])
    return made


@pytest.fixture
def far_features():
    # A large mean and a small spread, where naive sums lose their digits.
    generator = np.random.default_rng(1)
    spread = generator.normal(size=(50, 7)) @ generator.normal(size=(7, 7)) / 100
    return (1000 + spread).astype(np.float32)


@pytest.mark.parametrize("size", [1, 8, 50])
def test_statistics_are_numpys_whatever_the_batch_size_and_order(far_features, size):
    made = summary(far_features[::-1], size)
    exact = far_features.astype(np.float64)
    assert made.count == 50
    np.testing.assert_allclose(made.mean, exact.mean(axis=0), rtol=1e-14)
    np.testing.assert_allclose(made.covariance(), np.cov(exact.T), rtol=1e-9)
    made.update(np.zeros((0, 7)))
    assert made.count == 50


@pytest.mark.parametrize("size", [1, 7, 100])
def test_the_sample_does_not_depend_on_the_batch_size(size):
    whole = summary(VECTORS, sample_limit=10).sample
    np.testing.assert_array_equal(summary(VECTORS, size, sample_limit=10).sample, whole)
    assert len(whole) == 10
    np.testing.assert_array_equal(
        summary(VECTORS, size, sample_limit=100).sample, VECTORS
    )


def test_the_seed_decides_and_every_place_is_equally_likely():
    samples = [
        summary(VECTORS, sample_limit=10, seed=seed).sample[:, 0] / 2
        for seed in range(400)
    ]
    quarters = np.histogram(np.concatenate(samples), bins=4, range=(0, 100))[0]
    assert quarters.sum() == 4000
    assert np.abs(quarters - 1000).max() < 120  # four standard deviations


def test_a_stored_summary_continues(tmp_path, far_features):
    first = summary(far_features[:20], sample_limit=8, seed=3)
    state = first.state()
    np.savez(tmp_path / "real.npz", **state)
    first.update(far_features[:5])  # What was saved is a copy.
    with np.load(tmp_path / "real.npz") as stored:
        again = FeatureSummary.from_state(stored)
    assert (again.protocol, again.count, again.seed) == ("standard", 20, 3)
    again.update(far_features[20:])
    whole = summary(far_features, sample_limit=8, seed=3).state()
    assert len(whole["sample/features"]) == 8
    for name, array in again.state().items():
        if name != "protocol":
            np.testing.assert_allclose(array, whole[name], rtol=1e-9)
    # As earlier versions wrote it.
    state["sample/images"] = np.arange(8)
    assert FeatureSummary.from_state(state).count == 20


def test_broken_features_are_refused():
    broken = VECTORS.copy()
    broken[3, 1] = np.nan
    with pytest.raises(InputError, match="must be finite"):
        summary(broken)


@pytest.mark.parametrize(
    ("distance", "name"),
    [(frechet_inception_distance, "FID"), (kernel_inception_distance, "KID")],
)
def test_what_cannot_be_compared_is_refused(distance, name):
    real = summary(VECTORS)
    with pytest.raises(InputError, match=f"{name} .*'standard' and 'stargan_v2'"):
        distance(real, summary(VECTORS, protocol="stargan_v2"))
    with pytest.raises(InputError, match=f"{name} needs at least 2.*1 real and 100"):
        distance(summary(VECTORS[:1]), real)


def distance_of(mean_1, covariance_1, mean_2, covariance_2):
    factors = factor_of(covariance_1), factor_of(covariance_2)
    return frechet_distance(mean_1, factors[0], mean_2, factors[1])


def covariance(seed, width=12, rank=12):
    factor = np.random.default_rng(seed).normal(size=(width, rank))
    return factor @ factor.T


def test_fid_of_one_dimension_by_hand():
    # (3 − 1)² + (2 − 5)², standard deviations 2 and 5.
    one = np.array([1.0]), np.array([[4.0]])
    other = np.array([3.0]), np.array([[25.0]])
    assert distance_of(*one, *other) == pytest.approx(13.0, abs=1e-12)


def test_independent_directions_by_hand():
    one = np.zeros(3), np.diag([1.0, 4.0, 0.0])
    other = np.array([0.0, 0.0, 2.0]), np.diag([9.0, 4.0, 1.0])
    assert distance_of(*one, *other) == pytest.approx(4 + 4 + 0 + 1, abs=1e-12)


def test_equals_scipys_matrix_square_root():
    one, other = covariance(1), covariance(2)
    means = np.random.default_rng(3).normal(size=(2, 12))
    root = scipy.linalg.sqrtm(one @ other).real
    expected = np.sum((means[0] - means[1]) ** 2)
    expected += np.trace(one) + np.trace(other) - 2 * np.trace(root)
    found = distance_of(means[0], one, means[1], other)
    assert found == pytest.approx(expected, abs=1e-9)


def test_fewer_images_than_features():
    """Both ranks are 3: for F₁F₁ᵀ and F₂F₂ᵀ it is the nuclear norm of F₁ᵀF₂."""
    factors = np.random.default_rng(4).normal(size=(2, 40, 3))
    one, other = (factor @ factor.T for factor in factors)
    overlap = np.linalg.norm(factors[0].T @ factors[1], "nuc")
    expected = np.trace(one) + np.trace(other) - 2 * overlap
    found = distance_of(np.zeros(40), one, np.zeros(40), other)
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
    expected = [x for part in (one, other) for x in (part.mean, part.covariance())]
    assert found == pytest.approx(distance_of(*expected), abs=1e-8)


def test_fid_says_how_it_was_made():
    few = np.random.default_rng(6).normal(size=(10, 4))
    result = frechet_inception_distance(summary(few), summary(few[:7]))
    assert (result.name, result.protocol) == ("fid", "standard")
    assert result.counts == {"real": 10, "fake": 7}
    assert "biased" in result.note
    many = summary(np.random.default_rng(7).normal(size=(2048, 4)))
    assert frechet_inception_distance(many, many).note is None


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


def test_kid_by_hand():
    # One feature: k(1, 2) = 27, k(0, y) = 1; across the mean of 1, 1, 1, 1.
    first, second = np.array([[1.0], [2.0]]), np.array([[0.0], [0.0]])
    assert polynomial_mmd(first, second) == 27.0 + 1.0 - 2 * 1.0


def test_kid_equals_the_definition_also_in_blocks(monkeypatch):
    first, second = points(1, 9), points(2, 6, shift=0.3)
    expected = direct(first, second)
    assert polynomial_mmd(first, second) == pytest.approx(expected, rel=1e-12)
    monkeypatch.setattr(fid, "ROWS_AT_ONCE", 4)
    assert polynomial_mmd(first, second) == pytest.approx(expected, rel=1e-12)


def test_kid_is_unbiased():
    """Two sets of one distribution: 0 on average."""
    values = [polynomial_mmd(points(i, 20), points(-i % 9999, 20)) for i in range(300)]
    assert abs(np.mean(values)) < 3 * np.std(values) / np.sqrt(300)


def test_kid_says_how_it_was_made():
    real, fake = summary(points(1, 9)), summary(points(2, 6))
    result = kernel_inception_distance(real, fake)
    assert result.counts == {"real": 9, "fake": 6}
    assert (result.name, result.protocol) == ("kid", "standard")
    expected = direct(real.sample, fake.sample)
    assert result.value == pytest.approx(expected, rel=1e-5)


def test_one_image_is_too_few_for_kid():
    with pytest.raises(InputError, match="Received: 1 and 4"):
        polynomial_mmd(points(1, 1), points(2, 4))
