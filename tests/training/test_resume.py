import errno
import json
import os

import filelock
import pytest

from stargan_tf.errors import InputError
from stargan_tf.files import NotWritten
from stargan_tf.training import resume
from stargan_tf.training.checkpoints import State
from stargan_tf.training.resolve import resolve
from stargan_tf.training.run_folder import RunFolder

TOY = {"name": "toy", "domains": ["Red"]}


def config(**values):
    return resolve({"preset": "demo", **values})


@pytest.fixture
def run(tmp_path):
    """A run folder with a checkpoint's name in it."""
    folder = RunFolder(tmp_path)
    (folder.checkpoints / "step_00000100").mkdir(parents=True)
    folder.config.write_text(json.dumps({**config().to_dict(), "versions": {}}))
    return folder


@pytest.mark.parametrize(
    "values",
    [{}, {"steps": 9000}, {"data_dir": "elsewhere"}, {"checkpoint_every": 7}],
)
def test_what_decides_nothing_may_change(run, values):
    resume.check_same_run(run, config(**values))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"seed": 1}, "--seed was 0, now 1"),
        ({"dataset": "toy"}, "--dataset was toon_attributes, now toy"),
        ({"image_size": 32}, "--image_size was 64, now 32"),
        ({"base_filters": 8}, "--base_filters was 16, now 8"),
        ({"attributes": "Male"}, "--attributes was nothing, now Male"),
        ({"learning_rate": 1}, "--learning_rate was 0.* now 1.0"),
        ({"identity": 1}, "--identity was 10.0, now 1.0"),
        ({"precision": "mixed_bfloat16"}, "--precision was float32, now mixed_"),
    ],
)
def test_what_decides_the_weights_may_not_change(run, values, message):
    with pytest.raises(InputError, match=message):
        resume.check_same_run(run, config(**values))


def test_without_a_checkpoint_anything_may_change(run):
    (run.checkpoints / "step_00000100").rmdir()
    resume.check_same_run(run, config(seed=1))


def test_other_data_is_refused(run):
    state = State(100, "stargan", [TOY], [24], {})
    resume.check_same_data(run, state, [TOY], [24])
    message = r"toy \(24 images; Red\) then, toy \(23 images; Red\) now"
    with pytest.raises(InputError, match=message):
        resume.check_same_data(run, state, [TOY], [23])
    blue = {"name": "toy", "domains": ["Blue"]}
    with pytest.raises(InputError, match="Blue"):
        resume.check_same_data(run, state, [blue], [24])


def test_a_step_that_lies_behind_is_refused(run):
    state = State(100, "stargan", [TOY], [24], {})
    resume.check_length(run, state, config(steps=100))
    with pytest.raises(InputError, match="at step 100 already"):
        resume.check_length(run, state, config(steps=99))


def test_a_folder_with_something_else_is_refused(tmp_path):
    resume.check_folder(RunFolder(tmp_path / "new"))
    resume.check_folder(RunFolder(tmp_path))
    (tmp_path / ".lock").touch()
    resume.check_folder(RunFolder(tmp_path))
    (tmp_path / "letter.txt").touch()
    with pytest.raises(InputError, match="is no run folder"):
        resume.check_folder(RunFolder(tmp_path))
    with pytest.raises(InputError, match="must be a folder"):
        resume.check_folder(RunFolder(tmp_path / "letter.txt"))


def test_one_process_at_a_time(tmp_path):
    run = RunFolder(tmp_path / "new")
    with (
        run.locked(),
        pytest.raises(InputError, match="Another process is training"),
    ):
        RunFolder(tmp_path / "new").locked().__enter__()
    with run.locked():
        pass


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES])
def test_a_folder_that_cannot_be_locked_is_one_line(tmp_path, monkeypatch, code):
    def acquire(self, timeout):
        raise OSError(code, os.strerror(code), str(tmp_path / ".lock"))

    monkeypatch.setattr(filelock.BaseFileLock, "acquire", acquire)
    message = f"Cannot write the run {tmp_path}: {os.strerror(code)}. Choose"
    with pytest.raises(NotWritten, match=message):
        RunFolder(tmp_path).locked().__enter__()


def test_a_run_below_a_file_is_one_line(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(NotWritten, match=r"the run .*file/run: Not a directory"):
        RunFolder(tmp_path / "file" / "run").locked().__enter__()
