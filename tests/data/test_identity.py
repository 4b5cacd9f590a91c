"""A data set is recognized wherever it lies, and another one is not taken for it."""

import os
import shutil
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from stargan_tf.data.identity import (
    HASHED_FILES,
    data_fingerprint,
    differing_parts,
    in_words,
)
from stargan_tf.data.options import DatasetOptions
from stargan_tf.data.picture_sources import pictures
from stargan_tf.data.registry import load_dataset
from stargan_tf.data.source import subset
from stargan_tf.discovery import DATASETS

EACH = 40


@pytest.fixture
def pets(tmp_path):
    for level, domain in enumerate(("cat", "dog")):
        (tmp_path / "pets" / domain).mkdir(parents=True)
        for number in range(EACH):
            pixels = np.full((16, 16, 3), 2 * number + level, np.uint8)
            path = tmp_path / "pets" / domain / f"{number:02d}.bmp"
            Image.fromarray(pixels).save(path)
    return tmp_path / "pets"


def fingerprint(folder, **options):
    splits = (
        load_dataset("folder", split, 16, data_dir=str(folder), **options)
        for split in ("train", "held_out")
    )
    return data_fingerprint(*splits)


def test_place_time_split_and_size_do_not_matter(pets, tmp_path):
    known = fingerprint(pets)
    assert (known["images"], HASHED_FILES) == (2 * EACH, 64)
    assert in_words(known) == "80 images, cat/00.bmp to dog/39.bmp"
    moved = shutil.copytree(pets, tmp_path / "moved")
    for path in moved.glob("*/*"):
        os.utime(path, (1, 1))
    for other in (
        fingerprint(moved),
        fingerprint(pets, held_out=0.5),
        fingerprint(pets, crop_size=8, fit="stretch"),
    ):
        assert differing_parts(known, other) == []


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        (
            lambda pets: (pets / "cat/00.bmp").rename(pets / "cat/aa.bmp"),
            ["names"],
        ),
        (
            lambda pets: (pets / "cat/00.bmp").unlink(),
            [
                "number of images",
                "names",
                "labels",
                "file sizes",
                "content of 64 files",
            ],
        ),
        (
            lambda pets: shutil.copy(pets / "cat/05.bmp", pets / "cat/00.bmp"),
            ["content of 64 files"],
        ),
        (
            lambda pets: (pets / "cat/00.bmp").write_bytes(b"0"),
            ["file sizes", "content of 64 files"],
        ),
        (
            lambda pets: (pets / "cat/00.bmp").rename(pets / "dog/zz.bmp"),
            ["names", "labels", "content of 64 files"],
        ),
    ],
)
def test_what_differs_is_named(pets, change, parts):
    known = fingerprint(pets)
    change(pets)
    # A renamed first file is another one among the evenly spaced.
    found = differing_parts(known, fingerprint(pets))
    assert set(parts) <= set(found)
    assert set(found) <= {*parts, "content of 64 files"}


def test_drawn_images_are_known_by_names_and_labels():
    splits = [load_dataset("toon_people", split, 32) for split in ("train", "held_out")]
    known = data_fingerprint(*splits)
    assert known["content"] is None and known["sizes"] is None
    again = data_fingerprint(
        *(load_dataset("toon_people", split, 64) for split in ("train", "held_out"))
    )
    assert differing_parts(known, again) == []
    fewer = data_fingerprint(splits[0])
    assert "names" in differing_parts(known, fewer)


def test_images_without_files_have_a_version(monkeypatch):
    from stargan_tf.toon_faces import datasets

    def faces(size):
        splits = (load_dataset("toon_people", s, size) for s in ("train", "held_out"))
        return data_fingerprint(*splits)

    known = faces(32)
    monkeypatch.setattr(datasets.PIL, "__version__", "99")
    assert differing_parts(known, faces(64)) == []
    monkeypatch.setattr(datasets, "RENDERER_VERSION", -1)
    assert differing_parts(known, faces(32)) == ["version"]


def test_images_of_a_plugin_have_its_version():
    dataset = DATASETS.load("toon_people")
    options = DatasetOptions()
    names, values = [f"{n}" for n in range(4)], np.arange(4) % 2

    def read(number):
        return np.zeros((8, 8, 3), np.uint8)

    def known(version, size=8, fit="crop"):
        chosen = replace(options, fit=fit)
        opened = pictures(dataset, names, values, read, version, size, chosen)
        return data_fingerprint(subset(opened, np.array([0, 1])), opened)

    assert differing_parts(known("1.0"), known("1.0", 16, "stretch")) == []
    assert differing_parts(known("1.0"), known("2.0")) == ["version"]
