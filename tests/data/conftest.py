import os
from dataclasses import replace

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import pytest
from absl import logging
from PIL import Image

from stargan_tf.data.files import say_once
from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.source import LabeledImages, UnreadableImage

SIZE = 8


@pytest.fixture(autouse=True)
def cache_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("STARGAN_TF_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def warned(monkeypatch):
    """The warnings that were logged, as text."""
    lines = []
    say_once.cache_clear()
    monkeypatch.setattr(
        logging, "warning", lambda text, *values: lines.append(text % values)
    )
    return lines


@pytest.fixture
def numbered():
    """Builds a source whose image i has the value i on its left half, else i + 100."""

    def build(name, count, domains=("a", "b"), broken=(), loads=None):
        def load(index):
            if loads is not None:
                loads.append(index)
            if index in broken:
                raise UnreadableImage(f"Cannot read the image {index}.jpg: broken.")
            image = np.full((SIZE, SIZE, 3), index, np.uint8)
            image[:, SIZE // 2 :] += 100
            return image

        labels = np.eye(len(domains), dtype=np.float32)[np.arange(count) % len(domains)]
        names = tuple(f"{number}.jpg" for number in range(count))
        info = DatasetInfo(name, domains, "binary", SIZE)
        return LabeledImages(info, labels, names, load, f"{name} {count} {broken}")

    return build


@pytest.fixture
def one_hot(numbered):
    """Builds a numbered source with the given class of each image."""

    def build(name, classes, domains=None, broken=()):
        domains = domains or tuple("abc"[: max(classes) + 1])
        source = numbered(name, len(classes), domains, broken)
        labels = np.eye(len(domains), dtype=np.float32)[list(classes)]
        info = replace(source.info, label_type="one_hot")
        return replace(source, info=info, labels=labels)

    return build


@pytest.fixture
def photograph(tmp_path):
    """Writes smooth pictures with some detail; returns the path."""

    def write(name, size=(20, 30), seed=0, **options):
        random = np.random.default_rng(seed)
        pixels = random.integers(0, 256, (size[1], size[0], 3), np.uint8)
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path, **options)
        return path

    return write
