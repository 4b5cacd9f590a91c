import numpy as np
import pytest

from stargan_tf.data.info import DatasetInfo
from stargan_tf.errors import InputError
from stargan_tf.evaluation.job import DataChoice
from stargan_tf.exporting.agreement import (
    held_out_images,
    random_images,
    training_images,
)
from stargan_tf.training.checkpoints import State


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
    with pytest.warns(UserWarning, match="random images.*belongs to no run"):
        found = held_out_images(tmp_path, state("gone"), DataChoice(), 3)
    assert found.described == "3 random images"
    assert len(found.images) == 3


def test_but_not_calibrated_with_them(tmp_path):
    with pytest.raises(InputError, match="belongs to no run"):
        training_images(tmp_path, state("gone"), DataChoice(), 3)


def test_data_that_the_user_named_has_to_be_there(tmp_path):
    choice = DataChoice("folder", {"data_dir": str(tmp_path / "nowhere")})
    with pytest.raises(InputError, match="nowhere"):
        held_out_images(tmp_path, state("gone"), choice)
