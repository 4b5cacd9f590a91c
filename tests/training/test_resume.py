import errno
import json
import os
from dataclasses import replace

import filelock
import numpy as np
import pytest
from PIL import Image

from stargan_tf.errors import InputError
from stargan_tf.files import NotWritten
from stargan_tf.training import resume
from stargan_tf.training.checkpoints import State
from stargan_tf.training.config import resolve
from stargan_tf.training.run import open_data
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


def opened(folder, domains=("cat", "dog"), count=12):
    """A folder of images, opened as a run opens it."""
    for level, domain in enumerate(domains):
        (folder / domain).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            pixels = np.full((16, 16, 3), 10 * number + level, np.uint8)
            Image.fromarray(pixels).save(folder / domain / f"{number}.png")
    given = {"dataset": "folder", "data_dir": str(folder), "image_size": 16}
    return open_data(resolve(given))


def state_of(opened_data):
    sets = opened_data.label_space.to_list()
    known = opened_data.fingerprints
    return State(100, "stargan", sets, opened_data.counts, {}, data=known)


def test_other_data_is_refused_and_both_sides_named(run, tmp_path):
    data = opened(tmp_path / "a")
    state = state_of(data)
    resume.check_same_data(run, state, opened(tmp_path / "moved"))
    fewer = opened(tmp_path / "fewer", count=11)
    message = (
        "images of 'folder' differ from those that .* was trained on: then 24 images, "
        "cat/0.png to dog/9.png; now 22 images.* Different: number of images, names, "
        "labels, file sizes, content of 64 files. .*--accept_changed_data"
    )
    with pytest.raises(InputError, match=message):
        resume.check_same_data(run, state, fewer)
    resume.check_same_data(run, state, fewer, accept_changed_data=True)
    other = opened(tmp_path / "other", domains=("cat", "fox"))
    with pytest.raises(InputError, match=r"folder \(.*cat, dog\) then, .*cat, fox"):
        resume.check_same_data(run, state, other, accept_changed_data=True)


def test_of_a_checkpoint_of_before_the_counts_are_compared(run, tmp_path):
    data = opened(tmp_path / "a")
    state = replace(state_of(data), data=None)
    resume.check_same_data(run, state, data)
    message = r"folder \(\d+ images; cat, dog\) then, folder \(\d+ images"
    with pytest.raises(InputError, match=message):
        resume.check_same_data(run, state, opened(tmp_path / "b", count=11))


def test_a_model_to_start_from_is_compared_where_its_labels_are_the_same(tmp_path):
    state = state_of(opened(tmp_path / "a"))
    model = tmp_path / "model"
    resume.check_fingerprints(model, state, opened(tmp_path / "b", ("owl", "fox")))
    changed = opened(tmp_path / "c", count=13)
    with pytest.raises(InputError, match="then 24 images, .* now 26 images"):
        resume.check_fingerprints(model, state, changed)


def test_a_step_that_lies_behind_is_refused(run):
    state = State(100, "stargan", [TOY], [24], {})
    resume.check_length(run, state, config(steps=100))
    with pytest.raises(InputError, match="larger than 100"):
        resume.check_length(run, state, config(steps=99))


def test_a_folder_with_something_else_is_refused(tmp_path):
    resume.check_folder(RunFolder(tmp_path / "new"))
    resume.check_folder(RunFolder(tmp_path))
    (tmp_path / ".lock").touch()
    resume.check_folder(RunFolder(tmp_path))
    (tmp_path / "letter.txt").touch()
    with pytest.raises(InputError, match="run folder or empty"):
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
