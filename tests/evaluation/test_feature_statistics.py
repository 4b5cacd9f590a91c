import numpy as np
import pytest

from stargan_tf.evaluation.fid import FeatureStatistics


def accumulate(features, size):
    statistics = FeatureStatistics(features.shape[1])
    for start in range(0, len(features), size):
        statistics.update(features[start : start + size])
    return statistics


@pytest.fixture
def features():
    # A large mean and a small spread, where naive sums lose their digits.
    generator = np.random.default_rng(1)
    return 1000 + generator.normal(size=(50, 7)) @ generator.normal(size=(7, 7)) / 100


@pytest.mark.parametrize("size", [1, 8, 50])
def test_equals_numpy_whatever_the_batch_size_and_order(features, size):
    statistics = accumulate(features[::-1], size)
    expected = np.cov(features, rowvar=False)
    assert statistics.count == 50
    np.testing.assert_allclose(statistics.mean, features.mean(axis=0), rtol=1e-14)
    np.testing.assert_allclose(statistics.covariance(), expected, rtol=1e-9)


def test_restored_statistics_continue(features):
    first = accumulate(features[:20], 20)
    state = first.state()
    first.update(features[:5])  # What was saved is a copy.
    again = FeatureStatistics.from_state(state)
    again.update(features[20:])
    whole = accumulate(features, 50)
    np.testing.assert_allclose(again.covariance(), whole.covariance(), rtol=1e-9)


def test_an_empty_batch_changes_nothing(features):
    statistics = accumulate(features, 50)
    statistics.update(np.zeros((0, 7)))
    assert statistics.count == 50
