import numpy as np
import pytest

from stargan_tf.errors import InputError
from stargan_tf.evaluation.fid import FeatureSummary, check_comparable

FEATURES = np.random.default_rng(0).normal(size=(20, 4)).astype(np.float32)


def summary(features=FEATURES, protocol="standard"):
    made = FeatureSummary(protocol, width=4, sample_limit=8, seed=3)
    made.update(features)
    return made


def test_a_stored_summary_is_the_same(tmp_path):
    np.savez(tmp_path / "real.npz", **summary().state())
    with np.load(tmp_path / "real.npz") as stored:
        again = FeatureSummary.from_state(stored)
    assert (again.protocol, again.count, again.sample.seed) == ("standard", 20, 3)
    again.update(FEATURES)
    twice = summary()
    twice.update(FEATURES)
    for name, array in twice.state().items():
        np.testing.assert_array_equal(again.state()[name], array)


def test_broken_features_are_refused():
    broken = FEATURES.copy()
    broken[3, 1] = np.nan
    with pytest.raises(InputError, match="must be finite"):
        summary(broken)


def test_protocols_do_not_mix():
    with pytest.raises(InputError, match="'standard' and 'stargan_v2'"):
        check_comparable(summary(), summary(protocol="stargan_v2"), "FID")


def test_one_image_is_too_few():
    with pytest.raises(InputError, match="at least 2 images.*1 real and 20"):
        check_comparable(summary(FEATURES[:1]), summary(), "FID")
