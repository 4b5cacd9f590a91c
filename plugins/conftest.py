"""For the tests of every plugin: pictures, folders of their own, no network."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import pytest
from PIL import Image

import stargan_tf  # noqa: F401  Before TensorFlow, so that oneDNN is on as in a command.


@pytest.fixture(autouse=True)
def cache_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("STARGAN_TF_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(autouse=True)
def tfds_folder(tmp_path, monkeypatch):
    """Where TensorFlow Datasets keeps its files, here and in subprocesses."""
    pytest.importorskip("tensorflow_datasets")
    from tensorflow_datasets.core import constants

    folder = tmp_path / "tfds"
    monkeypatch.setenv("TFDS_DATA_DIR", str(folder))
    monkeypatch.setattr(constants, "DATA_DIR", str(folder))
    return folder


@pytest.fixture
def manual_folder(tfds_folder):
    """Where TensorFlow Datasets looks for files got by hand."""
    folder = tfds_folder / "downloads" / "manual"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def write_pictures():
    """Writes pictures of noise, no two alike: (folder, names, (width, height))."""

    def write(folder, names, size=(40, 40)):
        for number, name in enumerate(names):
            random = np.random.default_rng(number)
            pixels = random.integers(0, 256, (size[1], size[0], 3), np.uint8)
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(path)
        return folder

    return write
