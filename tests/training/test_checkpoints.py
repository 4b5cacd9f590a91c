import errno
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest

from stargan_tf.data.info import DatasetInfo
from stargan_tf.errors import InputError
from stargan_tf.models.registry import family
from stargan_tf.training import checkpoints
from stargan_tf.training.checkpoints import (
    CONFIG,
    WEIGHTS,
    Best,
    BestCheckpoint,
    DamagedCheckpoint,
    State,
    load_weights,
    open_model,
    read_best,
    read_model_config,
    read_state,
)
from stargan_tf.training.run_folder import RunFolder

TOY = DatasetInfo("toy", ("a", "b"), "binary", 16).to_dict()


class Model:
    """Stands for a Keras model."""

    def __init__(self, content=b"weights"):
        self.content = content

    def save(self, path):
        path.write_bytes(self.content)


def state(step):
    return State(step, "stargan", [TOY], [24], {"stargan_tf": "0"})


def save(folder, *steps, keep=2, model=None):
    for step in steps:
        path = checkpoints.save(folder, model or Model(), state(step), keep)
    return path


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_saved_state_is_read_back(tmp_path):
    path = save(tmp_path, 1000)
    assert path.name == "step_00001000"
    assert names(path) == ["model.keras", "state.json"]
    assert read_state(path) == state(1000)


def test_only_the_newest_are_kept(tmp_path):
    save(tmp_path, 5, 10, 15, 100_000_000)
    assert names(tmp_path) == ["step_00000015", "step_100000000"]


def test_a_checkpoint_of_the_same_step_is_replaced(tmp_path):
    save(tmp_path, 5)
    path = save(tmp_path, 5, model=Model(b"other"))
    assert (path / "model.keras").read_bytes() == b"other"
    assert names(tmp_path) == ["step_00000005"]


def test_a_failed_save_leaves_the_folder_as_it_was(tmp_path):
    class Full(Model):
        def save(self, path):
            super().save(path)
            raise OSError(28, "No space left on device")

    save(tmp_path, 5, 10)
    with pytest.raises(InputError, match=r"step_00000015: No space left.*intact"):
        save(tmp_path, 15, model=Full())
    assert names(tmp_path) == ["step_00000005", "step_00000010"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows cannot fork")
def test_a_kill_at_any_moment_of_saving_or_replacing_costs_nothing(tmp_path):
    script = Path(__file__).with_name("save_and_die.py")
    done = subprocess.run(
        [sys.executable, script, tmp_path],
        env=os.environ | {"PYTHONPATH": str(script.parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_checkpoint_just_written_is_never_deleted(tmp_path):
    run = RunFolder(tmp_path)
    for step in (3, 6, 9):
        (save(run.checkpoints, step, keep=3) / "model.keras").write_bytes(b"damaged")
    path = save(run.checkpoints, 5, keep=1)
    assert names(run.checkpoints) == ["step_00000005"]
    save(run.checkpoints, 7, 8, keep=2)
    assert names(run.checkpoints) == ["step_00000007", "step_00000008"]
    assert run.newest()[0] != path


@pytest.mark.parametrize("content", [b"", b"weight", b"Weights"])
def test_a_damaged_checkpoint_is_passed_over(tmp_path, content):
    run = RunFolder(tmp_path)
    path = save(run.checkpoints, 5, 10)
    (path / "model.keras").write_bytes(content)
    with pytest.raises(DamagedCheckpoint, match="differs from the saved file"):
        read_state(path)
    with pytest.warns(UserWarning, match="step_00000010 is damaged.*previous"):
        checkpoint, found = run.newest()
    assert (checkpoint.name, found.step) == ("step_00000005", 5)


@pytest.mark.parametrize("missing", ["model.keras", "state.json"])
def test_a_checkpoint_with_a_file_missing_is_damaged(tmp_path, missing):
    path = save(tmp_path / "checkpoints", 5)
    (path / missing).unlink()
    with pytest.raises(DamagedCheckpoint, match=missing):
        RunFolder(tmp_path).newest()


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"format": 1}'])
def test_a_broken_state_file_is_damage(tmp_path, text):
    path = save(tmp_path, 5)
    (path / "state.json").write_text(text)
    with pytest.raises(DamagedCheckpoint, match=r"state\.json cannot be read"):
        read_state(path)


def test_another_format_is_refused_by_name(tmp_path):
    path = save(tmp_path, 5)
    record = json.loads((path / "state.json").read_text())
    record = {"format": 2, "versions": {"stargan_tf": "9.0"}, "other": record["step"]}
    (path / "state.json").write_text(json.dumps(record))
    with pytest.raises(InputError, match=r"format 2, written by stargan_tf 9.0"):
        read_state(path)


def test_other_names_are_no_checkpoints(tmp_path):
    (tmp_path / "step_7").mkdir()
    (tmp_path / "step_00000007.old").mkdir()
    assert checkpoints.sorted_checkpoints(tmp_path) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("step", "abc"),
        ("step", -5),
        ("step", 10**30),
        ("step", True),
        ("model", [1]),
        ("datasets", None),
        ("datasets", []),
        ("datasets", [{"name": "toy"}]),
        ("datasets", "toy"),
        ("num_images", None),
        ("num_images", ["a"]),
        ("versions", [1]),
        ("format", 9),
        ("seal", None),
        ("more", 1),
    ],
)
def test_a_state_with_other_values_is_one_line(tmp_path, field, value):
    path = save(tmp_path, 1)
    record = json.loads((path / "state.json").read_text())
    (path / "state.json").write_text(json.dumps({**record, field: value}))
    with pytest.raises(InputError, match=r"is damaged: state.json|has format 9"):
        read_state(path)
    (path / "state.json").write_text("[" * 200_000)
    with pytest.raises(DamagedCheckpoint):
        read_state(path)


TOY_TEST_BEST_CHECKPOINT = DatasetInfo("toy", ("a", "b"), "binary", 16).to_dict()


class ModelTestBestCheckpoint:
    """Saves its name."""

    def __init__(self, name):
        self.name = name

    def save(self, path):
        if self.name == "full":
            raise OSError(28, "No space left on device")
        path.write_text(self.name)


def keeper(folder, metric="fid"):
    return BestCheckpoint(
        folder / "best",
        metric,
        lambda s: State(s, "stargan", [TOY_TEST_BEST_CHECKPOINT], [1], {}),
    )


def test_only_a_better_value_replaces_the_best(tmp_path):
    best = keeper(tmp_path)
    assert best.offer(ModelTestBestCheckpoint("a"), 10, {"fid": 5.0})
    assert not best.offer(ModelTestBestCheckpoint("b"), 20, {"fid": 5.0})
    assert not best.offer(ModelTestBestCheckpoint("c"), 30, {"kid": 1.0})
    assert best.offer(ModelTestBestCheckpoint("d"), 40, {"fid": 4.0})
    assert read_best(tmp_path / "best") == Best("fid", 4.0, 40)
    assert (tmp_path / "best" / checkpoints.MODEL_FILE).read_text() == "d"
    assert checkpoints.read_state(tmp_path / "best").step == 40


def test_what_is_not_a_number_is_never_the_best(tmp_path):
    best = keeper(tmp_path)
    assert not best.offer(ModelTestBestCheckpoint("a"), 10, {"fid": float("nan")})
    assert not (tmp_path / "best").exists()
    assert best.offer(ModelTestBestCheckpoint("b"), 20, {"fid": 5.0})
    # As written before NaN was refused: any number replaces it.
    held = {"metric": "fid", "value": float("nan"), "step": 10}
    (tmp_path / "best" / "best.json").write_text(json.dumps(held))
    assert best.offer(ModelTestBestCheckpoint("c"), 30, {"fid": 9.0})
    assert read_best(tmp_path / "best") == Best("fid", 9.0, 30)


def test_a_resumed_run_knows_the_best_before(tmp_path):
    keeper(tmp_path, "psnr_to_truth").offer(
        ModelTestBestCheckpoint("a"), 10, {"psnr_to_truth": 20.0}
    )
    again = keeper(tmp_path, "psnr_to_truth")
    assert not again.offer(ModelTestBestCheckpoint("b"), 20, {"psnr_to_truth": 19.0})
    assert again.offer(ModelTestBestCheckpoint("c"), 30, {"psnr_to_truth": 21.0})
    # Another number begins anew.
    assert keeper(tmp_path).offer(ModelTestBestCheckpoint("d"), 40, {"fid": 99.0})


def test_a_full_disk_leaves_the_best_as_it_was(tmp_path):
    best = keeper(tmp_path)
    best.offer(ModelTestBestCheckpoint("a"), 10, {"fid": 5.0})
    with pytest.raises(InputError, match="the checkpoint .*/best: No space"):
        best.offer(ModelTestBestCheckpoint("full"), 20, {"fid": 1.0})
    assert read_best(tmp_path / "best").value == 5.0
    assert (tmp_path / "best" / checkpoints.MODEL_FILE).read_text() == "a"


def test_it_is_no_checkpoint_to_go_on_from_nor_to_remove(tmp_path):
    best = keeper(tmp_path)
    best.offer(ModelTestBestCheckpoint("a"), 10, {"fid": 5.0})
    for step in (20, 30, 40):
        state = State(step, "stargan", [TOY_TEST_BEST_CHECKPOINT], [1], {})
        checkpoints.save(tmp_path, ModelTestBestCheckpoint("x"), state, keep=1)
    found = [path.name for path in checkpoints.sorted_checkpoints(tmp_path)]
    assert found == ["step_00000040"]
    assert (tmp_path / "best").is_dir()


def test_an_unreadable_note_is_no_best(tmp_path):
    assert read_best(tmp_path) is None
    (tmp_path / "best.json").write_text(json.dumps({"metric": "fid"}))
    assert read_best(tmp_path) is None


FACES = DatasetInfo("faces", ("young", "male"), "binary", 16)


@pytest.fixture
def trained(tmp_path):
    """A model after an update, and its file."""
    model = made(seed=1)
    model.fit(np.ones((4, 3)), np.ones((4, 1)), verbose=0)
    model.save(tmp_path / "model.keras")
    return model, tmp_path / "model.keras"


def made(seed):
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    model.optimizer.build(model.trainable_variables)
    return model


def assert_equal(model, other):
    pairs = zip(
        [*model.weights, *model.optimizer.variables],
        [*other.weights, *other.optimizer.variables],
        strict=True,
    )
    for one, two in pairs:
        np.testing.assert_array_equal(one.numpy(), two.numpy())


def test_weights_and_moments_are_loaded(trained):
    model, file = trained
    other = made(seed=2)
    load_weights(other, file)
    assert_equal(model, other)


def test_without_room_for_the_copy_keras_reads_the_archive(trained, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    model, file = trained
    monkeypatch.setattr(zipfile.ZipFile, "extract", full)
    other = made(seed=2)
    load_weights(other, file)
    assert_equal(model, other)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A small StarGAN and its file."""
    from stargan_tf.models.stargan.model import StarGAN

    model = StarGAN(
        FACES, base_filters=2, num_residual_blocks=1, discriminator_layers=2
    )
    model.compile()
    file = tmp_path_factory.mktemp("saved") / "model.keras"
    model.save(file)
    return model, file


def changed(saved, target, changes, compress=zipfile.ZIP_STORED):
    """The file with other members: name → content, None to leave it out."""
    with zipfile.ZipFile(saved) as old, zipfile.ZipFile(target, "w", compress) as new:
        for name in {*old.namelist(), *changes}:
            content = changes[name] if name in changes else old.read(name)
            if content is not None:
                new.writestr(name, content)
    return target


def test_a_model_is_opened_as_keras_opens_it(saved):
    model, file = saved
    for compile in (False, True):
        opened = open_model(file, family("stargan"), compile)
        assert opened.compiled == compile
        for one, two in zip(model.weights, opened.weights, strict=True):
            np.testing.assert_array_equal(one.numpy(), two.numpy())
    assert read_model_config(file, family("stargan"))["base_filters"] == 2


def altered(config, path, value):
    config = json.loads(json.dumps(config))
    *places, last = path
    place = config
    for name in places:
        place = place[name]
    place[last] = value
    return json.dumps(config).encode()


def test_what_is_no_model_of_the_family_is_one_line(saved, tmp_path):
    with zipfile.ZipFile(saved[1]) as archive:
        config = json.loads(archive.read(CONFIG))
        weights = archive.read(WEIGHTS)
    evil = {"module": "os", "class_name": "system", "config": "touch canary"}
    layer = {"class_name": "Lambda", "module": "keras.layers", "config": {}}
    arguments = config["config"]
    broken = {
        "cut": saved[1].read_bytes()[:-400],
        "garbage": b"garbage" * 100,
        "empty": b"",
        "no config": {CONFIG: None},
        "no weights": {WEIGHTS: None},
        "no JSON": {CONFIG: b"{"},
        "a list": {CONFIG: b"[1]"},
        "deep": {CONFIG: b"[" * 200_000},
        "a Lambda layer": {CONFIG: json.dumps(layer).encode()},
        "other code": {CONFIG: json.dumps(evil).encode()},
        "code inside": {CONFIG: altered(config, ["config", "datasets"], [evil])},
        "code at the end": {CONFIG: altered(config, ["compile_config"], evil)},
        "wrong type": {CONFIG: altered(config, ["config", "base_filters"], "many")},
        "no arguments": {CONFIG: altered(config, ["config"], None)},
        "an unknown one": {CONFIG: altered(config, ["config", "speed"], 3)},
        "too wide": {CONFIG: altered(config, ["config", "base_filters"], 100_000)},
        "wider than it is": {CONFIG: altered(config, ["config", "base_filters"], 2000)},
        "too deep": {CONFIG: altered(config, ["config", "num_residual_blocks"], 10**6)},
        "other sizes": {CONFIG: altered(config, ["config", "base_filters"], 3)},
        "no HDF5": {WEIGHTS: b"no weights"},
        "cut weights": {WEIGHTS: weights[: len(weights) // 2]},
    }
    assert arguments["base_filters"] == 2
    for name, content in broken.items():
        file = tmp_path / "model.keras"
        if isinstance(content, bytes):
            file.write_bytes(content)
        else:
            changed(saved[1], file, content)
        with pytest.raises(InputError) as caught:
            open_model(file, family("stargan"), compile=True)
        text = str(caught.value)
        assert "model.keras" in text, name
        assert "\n" not in text and len(text) < 500, name
    assert not (tmp_path / "canary").exists()


def test_weights_that_claim_more_than_there_is(saved, tmp_path):
    import h5py

    for number, options in enumerate(
        ({"shape": (10**10,), "dtype": "f"}, {"data": h5py.ExternalLink("a.h5", "/b")})
    ):
        source = tmp_path / f"{number}.h5"
        with h5py.File(source, "w") as weights:
            if "data" in options:
                weights["a"] = options["data"]
            else:
                weights.create_dataset("a", chunks=(1000,), **options)
        file = tmp_path / "model.keras"
        changed(saved[1], file, {WEIGHTS: source.read_bytes()})
        with pytest.raises(InputError, match="larger than the file|stored elsewhere"):
            open_model(file, family("stargan"))
        with pytest.raises(InputError, match="larger than the file|stored elsewhere"):
            load_weights(saved[0], file)


def test_a_bomb_is_not_unpacked(saved, tmp_path):
    zeros = bytes(65 << 20)
    file = tmp_path / "model.keras"
    changed(saved[1], file, {WEIGHTS: zeros}, zipfile.ZIP_DEFLATED)
    with pytest.raises(InputError, match="over 100 times its size"):
        open_model(file, family("stargan"))
