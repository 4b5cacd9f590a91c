"""AFHQ on small trees with the real folders, unpacked and as the real zips."""

import shutil

import numpy as np
import pytest
from stargan_tf_afhq import AFHQ, AFHQ_V2

from stargan_tf.plugin import DatasetOptions, InputError
from stargan_tf.testing import check_dataset

DOMAINS = ("cat", "dog", "wild")


@pytest.fixture
def afhq(tmp_path, write_pictures):
    """The folder `afhq`, with `train` and `val`, as in afhq.zip."""
    return write_pictures(tmp_path / "data" / "afhq", names("val", "jpg"))


@pytest.fixture
def afhq_v2(tmp_path, write_pictures):
    """The folder with `train` and `test`, as afhq_v2.zip holds them."""
    return write_pictures(tmp_path / "data" / "afhq_v2", names("test", "png"))


def names(test, extension):
    counts = {"train": 4, test: 2}
    return [
        f"{split}/{domain}/flickr_{domain}_{number:06d}.{extension}"
        for split, count in counts.items()
        for domain in DOMAINS
        for number in range(count)
    ]


def test_folder_of_version_1(afhq):
    check_dataset("afhq", afhq)
    train, held_out = opened(AFHQ, afhq)
    assert len(train) == 12 and len(held_out) == 6
    assert train.info.domains == DOMAINS and train.names[4].startswith("train/dog/")
    np.testing.assert_array_equal(train.labels.sum(axis=0), [4, 4, 4])
    assert held_out.names[-1] == "val/wild/flickr_wild_000001.jpg"


def test_zip_of_version_1(afhq, tmp_path):
    shutil.make_archive(tmp_path / "afhq", "zip", afhq.parent, "afhq")
    check_dataset("afhq", tmp_path / "afhq.zip")
    for zipped, unpacked in zip(
        opened(AFHQ, tmp_path / "afhq.zip"), opened(AFHQ, afhq), strict=True
    ):
        np.testing.assert_array_equal(zipped.labels, unpacked.labels)
        np.testing.assert_array_equal(zipped.load(5), unpacked.load(5))


def test_version_2(afhq_v2, tmp_path):
    check_dataset("afhq_v2", afhq_v2)
    shutil.make_archive(tmp_path / "afhq_v2", "zip", afhq_v2)
    check_dataset("afhq_v2", tmp_path / "afhq_v2.zip")
    train, held_out = opened(AFHQ_V2, tmp_path / "afhq_v2.zip")
    assert len(train) == 12 and len(held_out) == 6


@pytest.mark.parametrize("name", ["afhq", "afhq_v2"])
def test_one_version_taken_for_the_other(name, afhq, afhq_v2):
    data, folder, other = {
        "afhq": (AFHQ, afhq_v2, "afhq_v2"),
        "afhq_v2": (AFHQ_V2, afhq, "afhq"),
    }[name]
    with pytest.raises(InputError, match=f"Use --dataset {other}"):
        data.load("held_out", 32, DatasetOptions(data_dir=str(folder)))


def test_files_of_neither(tmp_path, write_pictures):
    write_pictures(tmp_path / "animals", ["cat/1.jpg", "dog/1.jpg"])
    options = DatasetOptions(data_dir=str(tmp_path / "animals"))
    with pytest.raises(InputError, match=r"train/{cat,dog,wild}/.* images in cat, dog"):
        AFHQ.load("train", 32, options)


def opened(data, folder):
    options = DatasetOptions(data_dir=str(folder))
    return [data.load(split, 32, options) for split in ("train", "held_out")]
