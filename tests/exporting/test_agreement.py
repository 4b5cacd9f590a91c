"""Sample images, float32, and how closely an export agrees with Keras."""

import json
import math

import numpy as np
import pytest

from stargan_tf.data.info import DatasetInfo
from stargan_tf.errors import InputError
from stargan_tf.evaluation.job import DataChoice
from stargan_tf.exporting.agreement import (
    Limit,
    held_out_images,
    measure,
    open_for_export,
    random_images,
    training_images,
)
from stargan_tf.training.checkpoints import State
from stargan_tf.training.run_folder import find_checkpoint
from tests.exporting.tiny import label_model


def compare(expected, received, **kwargs):
    return measure(np.array(expected), np.array(received), **kwargs)


def test_the_numbers_of_known_differences():
    found = compare([[0.0, 1.0], [0.0, 0.0]], [[0.1, 1.0], [0.0, -0.3]])
    assert found.images == 2
    assert found.max == pytest.approx(0.3)
    assert found.mean == pytest.approx(0.1)
    assert found.psnr == pytest.approx(10 * math.log10(4 / 0.025))


def test_codes_have_a_span_of_their_own():
    tenfold = compare([[0.0, 20.0]], [[0.0, 20.2]], span=None)
    assert tenfold.psnr == pytest.approx(10 * math.log10(400 / 0.02))


def test_equal_outputs_are_json_too():
    same = compare([[1.0]], [[1.0]])
    assert same.psnr == math.inf
    assert json.loads(json.dumps(same.to_dict()))["psnr"] is None


def test_limits():
    found = compare([[0.0, 0.0]], [[0.002, 0.0]])
    assert Limit(max=2e-3).allows(found) and not Limit(max=1e-3).allows(found)
    assert Limit(psnr=60).allows(found) and not Limit(psnr=70).allows(found)


@pytest.mark.parametrize("limit", [Limit(max=1e9), Limit(psnr=-1e9)])
def test_nan_is_never_good_enough(limit):
    assert not limit.allows(compare([[0.0, 1.0]], [[0.0, math.nan]]))


def test_what_cannot_be_compared():
    with pytest.raises(ValueError, match=r"\(1, 1\) and \(1, 2\)"):
        compare([[1.0]], [[1.0, 2.0]])
    with pytest.raises(ValueError, match="not be empty"):
        compare([], [])


def state(name):
    info = DatasetInfo(name, ("cat", "dog"), "one_hot", 16)
    return State(0, "stargan", [info.to_dict()], [4], {})


def test_random_images_are_smooth_and_repeatable():
    info = DatasetInfo("pets", ("cat", "dog", "owl"), "one_hot", 32)
    found = random_images(info, 4)
    assert found.images.shape == (4, 32, 32, 3) and found.images.dtype == np.uint8
    assert found.labels.sum(axis=1).tolist() == [1.0] * 4
    steps = np.abs(np.diff(found.images.astype(int), axis=1))
    assert steps.mean() < 30 < found.images.std()
    np.testing.assert_array_equal(found.images, random_images(info, 4).images)


def test_a_model_without_its_data_is_measured_on_random_images(tmp_path):
    with pytest.warns(UserWarning, match="random images.*without a run"):
        found = held_out_images(tmp_path, state("gone"), DataChoice(), 3)
    assert found.described == "3 random images"
    assert len(found.images) == 3


def test_but_not_calibrated_with_them(tmp_path):
    with pytest.raises(InputError, match="without a run"):
        training_images(tmp_path, state("gone"), DataChoice(), 3)


def test_data_that_the_user_named_has_to_be_there(tmp_path):
    choice = DataChoice("folder", {"data_dir": str(tmp_path / "nowhere")})
    with pytest.raises(InputError, match="nowhere"):
        held_out_images(tmp_path, state("gone"), choice)


def test_a_bfloat16_model_becomes_float32_with_its_weights(tmp_path):
    half = label_model(dtype="mixed_bfloat16")
    half.save_to_preset(tmp_path / "half")
    full = open_for_export(*find_checkpoint(tmp_path / "half"))
    assert {layer.compute_dtype for layer in full.generator.layers} == {"float32"}
    for ours, theirs in zip(full.get_weights(), half.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
