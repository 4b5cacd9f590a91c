from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.options import HELD_OUT, TRAIN, DatasetOptions
from stargan_tf.data.source import LabeledImages, UnreadableImage
from stargan_tf.doctor.opened import Opened

SIZE = 8


def pixels(seed, width=16, height=16):
    """A picture unlike any other."""
    random = np.random.default_rng(seed)
    return random.integers(0, 256, (height, width, 3), np.uint8)


@pytest.fixture
def write(tmp_path):
    """Writes one picture below the folder `data`; returns the path."""

    def save(name, seed, mode="RGB", size=(16, 16), **options):
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels(seed, *size)).convert(mode).save(path, **options)
        return path

    return save


@pytest.fixture
def source():
    """Builds a split from label vectors; the picture of seed s has the name s.png."""

    def build(labels, domains="ab", kind="one_hot", groups=(), first=0, broken=()):
        labels = np.array(labels, np.float32).reshape(-1, len(domains))
        names = tuple(f"{first + row}.png" for row in range(len(labels)))

        def load(row):
            if row in broken:
                raise UnreadableImage(f"Cannot read the image {names[row]}: broken.")
            return pixels(first + row, SIZE, SIZE)

        info = DatasetInfo("toy", tuple(domains), kind, SIZE, groups)
        return LabeledImages(info, labels, names, load, "toy")

    return build


@pytest.fixture
def opened():
    """Puts two splits together as if they had been opened."""

    def build(train, held_out=None, **changes):
        splits = {TRAIN: train} | ({HELD_OUT: held_out} if held_out else {})
        plain = Opened("toy", SIZE, DatasetOptions(), splits, None)
        return replace(plain, **changes)

    return build


@pytest.fixture
def root(tmp_path) -> Path:
    return tmp_path / "data"
