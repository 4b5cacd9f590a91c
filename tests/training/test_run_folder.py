import json
import math
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import keras
import numpy as np
import pytest

from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.options import Preparation
from stargan_tf.errors import InputError
from stargan_tf.models.registry import family
from stargan_tf.training import checkpoints
from stargan_tf.training.checkpoints import State
from stargan_tf.training.run_folder import (
    attach_code,
    beside,
    find_checkpoint,
    load_model,
    run_of,
)


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
    copy = shutil.copytree(trained[1], tmp_path / "run")
    file = copy / "checkpoints/step_00000002/model.keras"
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.warns(UserWarning, match="step_00000002 is damaged"):
        load_model(copy)
    with pytest.raises(InputError, match="step_00000002 is damaged"):
        load_model(copy / "checkpoints/step_00000002")


def test_what_is_no_model_folder(tmp_path):
    with pytest.raises(InputError, match="There is no model .*none. Expected a run f"):
        load_model(tmp_path / "none")
    with pytest.raises(InputError, match="Did you mean toon_attributes"):
        load_model("toon_atributes")
    with pytest.raises(InputError, match="is not a model folder"):
        load_model(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(InputError, match="has no checkpoint yet"):
        load_model(tmp_path)
    (tmp_path / "photo.jpg").touch()
    with pytest.raises(InputError, match="photo.jpg cannot be loaded: File is not a z"):
        load_model(tmp_path / "photo.jpg")


def test_a_model_of_another_version(tmp_path):
    record = {"format": 7, "versions": {"stargan_tf": "3.1"}}
    (tmp_path / "state.json").write_text(json.dumps(record))
    with pytest.raises(InputError, match=r"format 7, written by stargan_tf 3\.1"):
        load_model(tmp_path)


def test_a_model_of_an_unknown_family(trained, tmp_path):
    copy = shutil.copytree(trained[1] / "checkpoints/step_00000001", tmp_path / "c")
    record = json.loads((copy / "state.json").read_text()) | {"model": "pix2pix"}
    (copy / "state.json").write_text(json.dumps(record))
    with pytest.raises(InputError, match="no model family 'pix2pix'"):
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


@pytest.fixture(scope="module")
def file(trained, tmp_path_factory):
    """A `.keras` file of a model that saw 6 batches, beside nothing."""
    model, _ = trained
    model.step.assign(6)
    path = tmp_path_factory.mktemp("script") / "faces.keras"
    model.save(path)
    model.step.assign(0)
    return path


def test_the_state_of_a_keras_file(trained, file):
    found, state = find_checkpoint(file)
    assert found == file
    assert (state.step, state.model, state.num_images) == (6, "stargan", [0])
    assert state.datasets == trained[0].label_space.to_list()
    assert state.preparation == Preparation("crop", None)


def test_a_keras_file_opens_in_a_process_that_has_only_the_file(trained, file):
    code = (
        "import stargan_tf\n"
        "model = stargan_tf.load_model('faces.keras', compile=False)\n"
        "assert type(model) is stargan_tf.StarGAN and not model.compiled\n"
        "model = stargan_tf.load_model('faces.keras')\n"
        "assert int(model.step) == 6 and model.generator_optimizer.built\n"
        "print(float(abs(model.generator.weights[0].numpy()).sum()))\n"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=file.parent, capture_output=True, check=True)
    weights = trained[0].generator.weights[0].numpy()
    assert float(done.stdout) == pytest.approx(float(abs(weights).sum()))


def test_the_model_file_of_a_checkpoint_keeps_its_state(trained):
    checkpoint = trained[1] / "checkpoints/step_00000002"
    assert find_checkpoint(checkpoint / "model.keras")[0] == checkpoint


def test_a_file_beside_a_configuration_is_of_no_run(trained, file, tmp_path):
    (tmp_path / "config.json").write_text('{"crop_size": [3], "mask_provider": "x:y"}')
    (tmp_path / "models").mkdir()
    copy = shutil.copy(file, tmp_path / "models")
    assert find_checkpoint(copy)[1].preparation.crop_size is None
    preset = shutil.copytree(trained[1] / "checkpoints/step_00000001", tmp_path / "p/q")
    assert not run_of(preset).config.exists()


def test_models_of_no_installed_family(tmp_path):
    keras.Sequential([keras.Input((1,)), keras.layers.ReLU()]).save(
        tmp_path / "other.keras"
    )
    message = r"other.keras cannot be opened. Expected .*stargan.*: Sequential of ker"
    with pytest.raises(InputError, match=message):
        load_model(tmp_path / "other.keras")


def test_a_class_of_the_same_name_elsewhere_is_another_family(file, tmp_path):
    with zipfile.ZipFile(file) as archive, zipfile.ZipFile(tmp_path / "x", "w") as new:
        for name in archive.namelist():
            content = archive.read(name)
            if name == "config.json":
                config = json.loads(content) | {"module": "elsewhere.models"}
                content = json.dumps(config)
            new.writestr(name, content)
    with pytest.raises(InputError, match=": StarGAN of elsewhere.models"):
        load_model(tmp_path / "x")


class Hub(ModuleType):
    """Stands in for huggingface_hub."""

    def __init__(self, folder):
        super().__init__("huggingface_hub")
        self.folder = folder

    def snapshot_download(self, repository):
        if repository != "me/faces":
            raise ValueError("Repo id must exist")
        return str(self.folder)


def test_what_keras_uploaded_passes_the_same_checks(
    trained, file, tmp_path, monkeypatch
):
    snapshot = tmp_path / "snapshots" / "0123abcd"
    snapshot.mkdir(parents=True)
    with zipfile.ZipFile(file) as archive:
        archive.extractall(snapshot)
    monkeypatch.setenv("STARGAN_TF_CACHE", str(tmp_path / "cache"))
    monkeypatch.setitem(sys.modules, "huggingface_hub", Hub(snapshot))
    model = load_model("hf://me/faces")
    for ours, theirs in zip(
        model.generator.weights, trained[0].generator.weights, strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)
    with pytest.raises(
        InputError, match="hf://me/no cannot be downloaded: Repo id must"
    ):
        load_model("hf://me/no")
    config = json.loads((snapshot / "config.json").read_text())
    config["config"]["name"] = {"module": "os", "class_name": "system", "config": {}}
    (snapshot / "config.json").write_text(json.dumps(config))
    with pytest.raises(InputError, match="refers to code in 'os', which is not run"):
        load_model("hf://me/faces")
    # A folder with state.json, as it lies.
    shutil.copytree(trained[1], tmp_path / "run")
    monkeypatch.setitem(sys.modules, "huggingface_hub", Hub(tmp_path / "run"))
    assert find_checkpoint("hf://me/faces")[1].step == 2
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(ImportError, match=r"pip install 'stargan_tf\[hub\]'"):
        load_model("hf://me/faces")


def test_other_addresses_are_copied(file, tmp_path, monkeypatch):
    monkeypatch.setenv("STARGAN_TF_CACHE", str(tmp_path / "cache"))
    assert find_checkpoint(f"file://{file}")[1].step == 6
    with pytest.raises(InputError, match="file:///gone.keras cannot be downloaded: "):
        load_model("file:///gone.keras")


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("runs/faces", "runs/faces_mobile"),
        ("models/faces.keras", "models/faces_mobile"),
        ("toon_people", "toon_people_mobile"),
        ("hf://me/faces", "faces_mobile"),
    ],
)
def test_where_things_made_of_a_model_go(model, expected):
    assert beside(model, "_mobile") == Path(expected)


def test_where_things_made_of_the_current_folder_go(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert beside(".", "_mobile") == tmp_path.with_name(f"{tmp_path.name}_mobile")


def assert_equal_weights(model, other):
    for ours, theirs in zip(model.weights, other.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_preset_folder_holds_all_that_training_goes_on_with(file, tmp_path):
    model = load_model(file)
    model.preparation = Preparation("crop", 12)
    model.generator_optimizer.iterations.assign(4)
    model.save_to_preset(tmp_path / "preset")
    assert sorted(path.name for path in (tmp_path / "preset").iterdir()) == [
        "model.keras",
        "state.json",
    ]
    state = find_checkpoint(tmp_path / "preset")[1]
    assert (state.step, state.preparation) == (6, Preparation("crop", 12))
    again = type(model).from_preset(tmp_path / "preset")
    assert_equal_weights(again, model)
    assert again.compiled and int(again.generator_optimizer.iterations) == 4
    assert again.preparation == Preparation("crop", 12)
    again.save_to_preset(tmp_path / "preset")  # Replaces a preset, nothing else.
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").touch()
    with pytest.raises(InputError, match="mine exists but is not a preset"):
        model.save_to_preset(tmp_path / "mine")


def test_presets_with_weights_keep_their_architecture(trained, file):
    from stargan_tf import StarGAN, StarGANV2

    with pytest.raises(InputError, match="need its architecture. Received: base_filte"):
        StarGAN.from_preset(file, base_filters=8)
    model = StarGAN.from_preset(file, dtype="mixed_bfloat16")
    assert model.dtype_policy.name == "mixed_bfloat16"
    assert_equal_weights(model.generator, trained[0].generator)
    fresh = StarGAN.from_preset(file, load_weights=False, num_domains=3, base_filters=2)
    assert fresh.label_space.num_domains == 3 and not int(fresh.step)
    assert fresh.label_space.image_size == 16
    assert fresh.get_config()["discriminator_layers"] == 2
    with pytest.raises(InputError, match="class StarGAN. .*Call StarGAN.from_preset"):
        StarGANV2.from_preset(file)
    people = StarGANV2.from_preset("toon_people")
    assert people.label_space.names == ["woman", "man", "child"]


def test_recipes_have_an_architecture_and_no_weights():
    from stargan_tf import StarGAN, StarGANV2

    with pytest.raises(InputError, match="no weights.*False.*: toon_attributes, toon_"):
        StarGAN.from_preset("demo")
    model = StarGAN.from_preset("demo", load_weights=False)
    assert model.get_config()["base_filters"] == 16
    assert model.label_space.names[0] == "Black_Hair"
    assert model.label_space.image_size == 64
    model = StarGAN.from_preset(
        "demo", load_weights=False, domains=["Hat"], image_size=32, base_filters=2
    )
    assert model.label_space.to_list()[0]["domains"] == ["Hat"]
    assert model.label_space.image_size == 32
    small = {"base_filters": 2, "discriminator_filters": 2}
    model = StarGAN.from_preset("stargan_celeba_128", load_weights=False, **small)
    assert model.label_space.names[-1] == "Young"
    with pytest.raises(InputError, match="class StarGAN. Received: StarGANV2"):
        StarGANV2.from_preset("demo", load_weights=False)
    with pytest.raises(InputError, match="'stargan_v2_64' names no labels. Pass dom"):
        StarGANV2.from_preset("stargan_v2_64", load_weights=False)
    with pytest.raises(InputError, match="Did you mean demo"):
        StarGAN.from_preset("demoo")


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
    message = "config.json names code to run: mask_provider=.*--mask_prov.*--trust_code"
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
