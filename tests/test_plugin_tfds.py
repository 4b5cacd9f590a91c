"""The base of builders for TensorFlow Datasets; the plugins' tests go further."""

import sys
import warnings

import numpy as np
import pytest
from PIL import Image

from stargan_tf.errors import InputError

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import tensorflow_datasets as tfds

    from stargan_tf.plugin_tfds import PictureBuilder, rows_of_folders

DOMAINS = ("rose", "tulip")


class TwoFlowers(PictureBuilder):
    """Two kinds of flowers."""

    VERSION = tfds.core.Version("1.0.0")
    MANUAL_DOWNLOAD_INSTRUCTIONS = "Put flowers.zip here."
    SOURCES = ("flowers.zip", "flowers")

    def features(self):
        return {"label": tfds.features.ClassLabel(names=DOMAINS)}

    def rows(self, tree):
        return rows_of_folders(tree, {"train": "train", "test": "val"}, DOMAINS)


@pytest.fixture
def manual(tmp_path):
    for split, shade in (("train", 10), ("val", 20)):
        for number, domain in enumerate(DOMAINS):
            path = tmp_path / "manual" / "flowers" / split / domain / "1.png"
            path.parent.mkdir(parents=True)
            Image.new("RGB", (5, 4), (shade + number,) * 3).save(path)
    return tmp_path / "manual"


def prepare(manual, tmp_path):
    builder = TwoFlowers(data_dir=tmp_path / "tfds")
    builder.download_and_prepare(
        download_config=tfds.download.DownloadConfig(manual_dir=manual)
    )
    return builder


def test_it_prepares_each_split(manual, tmp_path):
    builder = prepare(manual, tmp_path)
    for split, shade in (("train", 10), ("test", 20)):
        found = {
            example["name"].decode(): (example["label"], example["image"])
            for example in builder.as_dataset(split).as_numpy_iterator()
        }
        folder = {"train": "train", "test": "val"}[split]
        assert sorted(found) == [f"{folder}/rose/1.png", f"{folder}/tulip/1.png"]
        for number, name in enumerate(sorted(found)):
            label, image = found[name]
            assert label == number
            np.testing.assert_array_equal(image, np.full((4, 5, 3), shade + number))


def test_what_a_killed_preparation_left_is_removed(manual, tmp_path):
    versions = tmp_path / "tfds" / "two_flowers"
    (versions / "incomplete.ABC123_1.0.0").mkdir(parents=True)
    (versions / "incomplete.ABC123_2.0.0").mkdir()
    prepare(manual, tmp_path)
    left = sorted(path.name for path in versions.iterdir())
    assert left == ["1.0.0", "incomplete.ABC123_2.0.0"]


def test_missing_files_and_missing_beam(manual, tmp_path, monkeypatch):
    builder = TwoFlowers(data_dir=tmp_path / "tfds")
    monkeypatch.setitem(sys.modules, "apache_beam", None)
    builder._on_beam = True

    class Manager:
        manual_dir = manual

    with pytest.raises(ImportError, match="pip install apache-beam"):
        builder._split_generators(Manager)
    (manual / "flowers").rename(manual / "others")
    with pytest.raises(InputError, match=r"one of .*flowers.zip.* Put flowers.zip"):
        builder._split_generators(Manager)
