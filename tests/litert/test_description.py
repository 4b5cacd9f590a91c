from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.labels import LabelSpace
from stargan_tf.data.options import Preparation
from stargan_tf.exporting.litert import describe
from stargan_tf.training.checkpoints import State
from tests.models.conftest import MOOD

GROUPED = DatasetInfo(
    "faces", ("Black", "Blond", "sad"), "binary", 16, (("Black", "Blond"),)
)


CROPPED = Preparation("crop", None)


def description(*infos, preparation=CROPPED):
    sets = LabelSpace(infos).to_list()
    state = State(7, "stargan", sets, [1] * len(infos), {}, preparation)
    return describe(state, "none", "float32")


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


def test_a_description_says_how_images_were_prepared():
    found = description(MOOD, preparation=Preparation("stretch", 178))
    assert (found["fit"], found["crop_size"]) == ("stretch", 178)
