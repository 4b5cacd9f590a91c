import json
import math

import numpy as np
import pytest

from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.options import Preparation
from stargan_tf.errors import InputError
from stargan_tf.models.registry import family
from stargan_tf.training import checkpoints
from stargan_tf.training.checkpoints import State
from stargan_tf.training.run_folder import attach_code, find_checkpoint, load_model


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A tiny model, and its run folder with two checkpoints."""
    from stargan_tf.models.stargan.model import StarGAN

    info = DatasetInfo("toy", ("Red", "Bright"), "binary", 16)
    model = StarGAN(info, 4, 1, 4, 2)
    model.compile()
    folder = tmp_path_factory.mktemp("run")
    (folder / "config.json").write_text("{}")
    for step in (1, 2):
        state = State(step, "stargan", model.label_space.to_list(), [24], {})
        checkpoints.save(folder / "checkpoints", model, state, keep=2)
    return model, folder


def test_opens_a_run_folder_and_a_checkpoint(trained):
    model, folder = trained
    images = np.zeros((1, 16, 16, 3), np.uint8)
    expected = model.translate(images, np.ones((1, 2), np.float32))
    for path in (folder, str(folder), folder / "checkpoints/step_00000001"):
        opened = load_model(path)
        assert opened.label_space.to_list() == model.label_space.to_list()
        received = opened.translate(images, np.ones((1, 2), np.float32))
        np.testing.assert_array_equal(received, expected)


def test_a_damaged_checkpoint_gives_way_to_the_one_before(trained, tmp_path):
    import shutil

    copy = shutil.copytree(trained[1], tmp_path / "run")
    file = copy / "checkpoints/step_00000002/model.keras"
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.warns(UserWarning, match="step_00000002 is damaged"):
        load_model(copy)
    with pytest.raises(InputError, match="step_00000002 is damaged"):
        load_model(copy / "checkpoints/step_00000002")


def test_what_is_no_model_folder(tmp_path):
    with pytest.raises(InputError, match="There is no model folder"):
        load_model(tmp_path / "none")
    with pytest.raises(InputError, match="is not a model folder"):
        load_model(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(InputError, match="has no checkpoint yet"):
        load_model(tmp_path)
    (tmp_path / "photo.jpg").touch()
    with pytest.raises(InputError, match="There is no model folder"):
        load_model(tmp_path / "photo.jpg")


def test_a_model_of_another_version(tmp_path):
    record = {"format": 7, "versions": {"stargan_tf": "3.1"}}
    (tmp_path / "state.json").write_text(json.dumps(record))
    with pytest.raises(InputError, match=r"format 7, written by stargan_tf 3\.1"):
        load_model(tmp_path)


def test_a_model_of_an_unknown_family(trained, tmp_path):
    import shutil

    copy = shutil.copytree(trained[1] / "checkpoints/step_00000001", tmp_path / "c")
    record = json.loads((copy / "state.json").read_text()) | {"model": "cyclegan"}
    (copy / "state.json").write_text(json.dumps(record))
    with pytest.raises(InputError, match="no model family 'cyclegan'"):
        load_model(copy)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"crop_size": [178]}, Preparation("crop", 178)),
        ({"crop_size": [None, 256]}, Preparation("crop", None)),
        ({}, Preparation("crop", None)),
    ],
)
def test_a_checkpoint_of_before_is_prepared_as_its_run_says(trained, config, expected):
    _, folder = trained
    (folder / "config.json").write_text(json.dumps(config))
    assert find_checkpoint(folder)[1].preparation == expected


def test_a_checkpoint_says_how_images_were_prepared(trained, tmp_path):
    model, _ = trained
    prepared = Preparation("stretch", 60)
    sets = model.label_space.to_list()
    state = State(1, "stargan", sets, [24], {}, prepared)
    checkpoints.save(tmp_path, model, state, keep=1)
    assert find_checkpoint(tmp_path / "step_00000001")[1].preparation == prepared


class Model:
    provider = None

    def set_mask_provider(self, provider):
        self.provider = provider


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"mask_provider": "math:floor"}))
    return path


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, math.floor),
        ({"mask_provider": None}, math.floor),
        ({"mask_provider": "math:ceil"}, math.ceil),
        ({"mask_provider": abs}, abs),
    ],
)
def test_what_is_given_is_stronger_than_what_the_run_names(config, given, expected):
    model = Model()
    attach_code(model, family("stargan_v2"), config, given, trust_code=True)
    assert model.provider is expected


def test_what_a_run_names_is_not_run_unasked(tmp_path):
    canary = tmp_path / "canary"
    evil = tmp_path / "evil.py"
    evil.write_text(f"open({str(canary)!r}, 'w').close()\ndef find(images): pass\n")
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"mask_provider": f"{evil}:find"}))
    message = "config.json names code to run, mask_provider=.*--mask_prov.*--trust_code"
    for given in ({}, {"mask_provider": None}):
        with pytest.raises(InputError, match=message):
            attach_code(Model(), family("stargan_v2"), config, given)
    model = Model()
    attach_code(model, family("stargan_v2"), config, {"mask_provider": abs})
    assert model.provider is abs
    assert not canary.exists()
    attach_code(Model(), family("stargan_v2"), config, {}, trust_code=True)
    assert canary.exists()


def test_without_either_a_model_is_left_alone(tmp_path):
    model = Model()
    attach_code(model, family("stargan_v2"), tmp_path / "config.json", {})
    assert model.provider is None


def test_code_that_cannot_be_imported_names_the_configuration(config):
    config.write_text(json.dumps({"mask_provider": "no_such_module_here:find"}))
    with pytest.raises(
        InputError, match=r"No module named .*config.json names it.*add"
    ):
        attach_code(Model(), family("stargan_v2"), config, {}, trust_code=True)
    given = {"mask_provider": "math:flor"}
    with pytest.raises(InputError, match="no attribute 'flor'$"):
        attach_code(Model(), family("stargan_v2"), config, given)


def test_a_family_without_such_code_refuses_it(config):
    with pytest.raises(InputError, match="A stargan model takes no mask_provider"):
        attach_code(Model(), family("stargan"), config, {"mask_provider": abs})
