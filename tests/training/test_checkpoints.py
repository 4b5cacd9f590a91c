import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from stargan_tf.data.info import DatasetInfo
from stargan_tf.errors import InputError
from stargan_tf.training import checkpoints
from stargan_tf.training.checkpoints import DamagedCheckpoint, State, read_state
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
    with pytest.raises(InputError, match=r"step_00000015: No space left.*untouched"):
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
    with pytest.raises(DamagedCheckpoint, match="not the file that was saved"):
        read_state(path)
    with pytest.warns(UserWarning, match="step_00000010 is damaged.*one before"):
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
