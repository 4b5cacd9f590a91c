import json
from pathlib import Path

import pytest

from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.label_space import LabelSpace
from stargan_tf.litert.description import describe
from stargan_tf.training.checkpoints import State
from stargan_tf.training.resolve import resolve
from tests.models.conftest import MOOD

GROUPED = DatasetInfo(
    "faces", ("Black", "Blond", "sad"), "binary", 16, (("Black", "Blond"),)
)


def description(*infos, checkpoint=Path("nowhere/checkpoints/x"), model="stargan"):
    state = State(7, model, LabelSpace(infos).to_list(), [1] * len(infos), {})
    return describe(checkpoint, state, "none", "float32")


def test_labels_of_one_data_set():
    found = description(GROUPED)
    assert found["family"] == "stargan" and found["step"] == 7
    assert found["domains"] == ["Black", "Blond", "sad"]
    assert found["label_type"] == "binary" and found["label_width"] == 3
    assert found["exclusive_groups"] == [["Black", "Blond"]]
    assert found["range"] == [-1, 1]


def test_joint_labels_name_what_excludes_each_other():
    found = description(GROUPED, MOOD)
    assert found["domains"] == ["Black", "Blond", "faces.sad", "happy", "mood.sad"]
    assert found["label_type"] == "joint" and found["label_width"] == 7
    assert found["exclusive_groups"] == [["Black", "Blond"], ["happy", "mood.sad"]]


@pytest.mark.parametrize(
    ("model", "fit"), [("stargan", "crop"), ("stargan_v2", "stretch")]
)
def test_without_a_run_the_family_says_how_squares_are_made(model, fit):
    found = description(MOOD, model=model)
    assert (found["fit"], found["crop_size"]) == (fit, None)


def test_a_run_says_what_was_cut_out(tmp_path):
    given = {"dataset": "folder", "data_dir": "x", "crop_size": 178}
    (tmp_path / "config.json").write_text(json.dumps(resolve(given).to_dict()))
    found = description(MOOD, checkpoint=tmp_path / "checkpoints" / "step_1")
    assert found["crop_size"] == 178
