import os
import subprocess
import sys

import numpy as np
import pytest

from stargan_tf.cli import main
from stargan_tf.data import cache
from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.source import LabeledImages
from stargan_tf.data.store import open_images

# `stargan-tf cache`.


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A cache with one thing of each kind, and with files of the user's own."""
    monkeypatch.setenv("STARGAN_TF_CACHE", str(tmp_path))
    open_images(hair())
    for name in (
        "statistics/a.npz",
        "evaluations/b/c.npz",
        "classifiers/d.keras",
        "weights/lpips_alex-v1.npz",
        "served/1.0/toon/saved_model.pb",
        "litertjs-2.5.3/a.js",
        "weights/alexnet.ckpt",
        "letter.txt",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(bytes(2**20))
    return tmp_path


def hair():
    info = DatasetInfo("hair", ("dark", "light"), "one_hot", 8)
    labels, image = np.eye(2, dtype=np.float32), np.zeros((8, 8, 3), np.uint8)
    return LabeledImages(info, labels, ("0", "1"), lambda index: image, "hair")


def run(capsys, *arguments):
    status = main.main(["cache", *arguments])
    output = capsys.readouterr()
    return status, output.out, output.err


def files(folder):
    return {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}


def test_everything_is_listed(capsys, folder):
    status, output, _ = run(capsys)
    assert status == 0
    assert "hair, 2 images of 8×8" in output
    assert [line.split()[0] for line in output.splitlines()[:-2]].count("images") == 1
    assert {line.split()[0] for line in output.splitlines()[:-2]} == set(cache.KINDS)
    assert f"7 entries, 6.0 MB, in {folder}" in output
    assert "Images may take 8,192.0 MB (STARGAN_TF_CACHE_LIMIT_MB)" in output


def test_some_kinds_are_listed_and_removed(capsys, folder):
    before = files(folder)
    _, output, _ = run(capsys, "statistics", "classifiers")
    assert "2 entries, 2.0 MB" in output
    status, output, _ = run(capsys, "statistics", "classifiers", "--clear")
    assert (status, output) == (0, "Removed 2 of 2 entries, 2.0 MB.\n")
    assert before - files(folder) == {"statistics/a.npz", "classifiers/d.keras"}


def test_all_is_removed_but_what_users_put_there(capsys, folder):
    assert run(capsys, "--clear")[0] == 0
    assert files(folder) == {"weights/alexnet.ckpt", "letter.txt"}
    assert "0 entries, 0.0 MB" in run(capsys)[1]


def test_images_in_use_stay(capsys, folder):
    store = open_images(hair())
    status, output, error = run(capsys, "--clear")
    assert status == 2 and output.startswith("Removed 6 of 7 entries")
    assert error.count("\n") == 1 and "in use" in error and "images hair" in error
    assert store.path.exists()


def test_an_unknown_kind(capsys, folder):
    status, _, error = run(capsys, "image")
    assert status == 2 and "KIND must be one of images, " in error


def test_no_cache_yet(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("STARGAN_TF_CACHE", str(tmp_path / "none"))
    assert run(capsys)[1].startswith("0 entries")
    assert run(capsys, "--clear")[0] == 0


def test_env_prints_versions_and_devices_and_no_chatter():
    environment = {n: v for n, v in os.environ.items() if n != "TF_CPP_MIN_LOG_LEVEL"}
    command = [sys.executable, "-m", "stargan_tf.cli.main", "env"]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    facts = dict(line.split(None, 1) for line in done.stdout.splitlines())
    assert {"stargan_tf", "keras", "tensorflow", "python", "devices"} <= facts.keys()
    assert "CPU" in facts["devices"]
