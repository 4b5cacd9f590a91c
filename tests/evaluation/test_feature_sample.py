import numpy as np
import pytest

from stargan_tf.evaluation.fid import FeatureSample

FEATURES = np.arange(200, dtype=np.float32).reshape(100, 2)


def draw(limit=10, size=100, seed=0):
    sample = FeatureSample(2, limit, seed)
    for start in range(0, 100, size):
        sample.update(FEATURES[start : start + size])
    return sample


@pytest.mark.parametrize("size", [1, 7, 100])
def test_the_batch_size_does_not_matter(size):
    np.testing.assert_array_equal(draw(size=size).features, draw().features)


def test_everything_stays_up_to_the_limit():
    np.testing.assert_array_equal(draw(limit=100, size=30).features, FEATURES)


def test_the_seed_decides_and_every_place_is_equally_likely():
    kept = np.concatenate([draw(seed=seed).features[:, 0] / 2 for seed in range(400)])
    assert len(kept) == 4000
    quarters = np.histogram(kept, bins=4, range=(0, 100))[0]
    assert np.abs(quarters - 1000).max() < 120  # four standard deviations


def test_a_restored_sample_continues():
    first = FeatureSample(2, 10)
    first.update(FEATURES[:35])
    again = FeatureSample.from_state(first.state())
    again.update(FEATURES[35:])
    np.testing.assert_array_equal(again.features, draw().features)
    assert (again.seen, again.limit) == (100, 10)
