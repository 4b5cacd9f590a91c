"""CelebA-HQ on small trees with the real names and layouts."""

import io
import shutil
import tarfile

import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image
from stargan_tf_celeba_hq import CELEBA_HQ
from stargan_tf_celeba_hq.unlabeled import resolution

from stargan_tf.plugin import DatasetOptions, InputError
from stargan_tf.testing import check_dataset

TABLE = "CelebAMask-HQ-attribute-anno.txt"
COUNT = 10


@pytest.fixture
def celeba_hq(tmp_path, write_pictures):
    """The authors' folder: train and val, female and male."""
    counts = {"train": 4, "val": 2}
    names = [
        f"{split}/{domain}/{number:06d}.jpg"
        for split, count in counts.items()
        for domain in ("female", "male")
        for number in range(count)
    ]
    return write_pictures(tmp_path / "data" / "celeba_hq", names)


@pytest.fixture
def unlabeled(manual_folder, tmp_path):
    """data64x64.tar as TFDS' `celeb_a_hq` wants it; the table of CelebAMask-HQ."""
    lines = [str(COUNT), "Blond_Hair Male Young "]
    with tarfile.open(manual_folder / "data64x64.tar", "w") as archive:
        for number in range(COUNT):
            file = io.BytesIO()
            Image.new("RGB", (64, 64), (number * 20, 0, 0)).save(file, "png")
            member = tarfile.TarInfo(f"imgHQ{number:05d}.png")
            member.size = file.tell()
            file.seek(0)
            archive.addfile(member, file)
            lines.append(f"{number}.jpg  1 {1 if number % 3 else -1} -1")
    (tmp_path / TABLE).write_text("\n".join(lines))
    return tmp_path / TABLE


def test_folder_and_zip(celeba_hq, tmp_path):
    check_dataset("celeba_hq", celeba_hq)
    shutil.make_archive(tmp_path / "celeba_hq", "zip", celeba_hq.parent, "celeba_hq")
    check_dataset("celeba_hq", tmp_path / "celeba_hq.zip")
    options = DatasetOptions(data_dir=str(celeba_hq))
    train, held_out = (CELEBA_HQ.load(s, 32, options) for s in ("train", "held_out"))
    assert (len(train), len(held_out)) == (8, 4)
    assert train.info.domains == ("female", "male")
    males = ["/male/" in name for name in train.names]
    np.testing.assert_array_equal(train.labels[:, 1], males)


def test_our_builder(celeba_hq, manual_folder):
    shutil.copytree(celeba_hq, manual_folder / "celeba_hq")
    check_dataset("celeba_hq")
    prepared = tfds.data_source("celeba_hq_by_sex", split="test")
    names = [example["name"].decode() for example in prepared]
    assert sum("val/male/" in name for name in names) == 2 and len(names) == 4
    for name, example in zip(names, prepared, strict=True):
        assert ("/male/" in name) == (example["label"] == 1)


def test_pictures_of_tfds_with_the_table(unlabeled):
    check_dataset("celeba_hq", labels=str(unlabeled), held_out=0.3)
    options = DatasetOptions(labels=str(unlabeled), held_out=0.3)
    splits = [CELEBA_HQ.load(split, 64, options) for split in ("train", "held_out")]
    seen = {}
    for images in splits:
        for index in range(len(images)):
            number = round(images.load(index)[0, 0, 0] / 20)
            seen[number] = images.labels[index, 1]
    assert seen == {number: float(number % 3 != 0) for number in range(COUNT)}


def test_pictures_of_tfds_say_nothing_without_it(unlabeled):
    with pytest.raises(InputError, match=r"one of .*celeba_hq.zip"):
        CELEBA_HQ.load("train", 64, DatasetOptions())


def test_a_table_that_misses_a_picture(unlabeled):
    lines = unlabeled.read_text().splitlines()
    unlabeled.write_text("\n".join(lines[:-1]))
    options = DatasetOptions(labels=str(unlabeled))
    with pytest.raises(InputError, match=r"no row for the image imgHQ00009.png"):
        CELEBA_HQ.load("train", 64, options)


def test_the_resolution_that_is_large_enough():
    sizes = (32, 64, 68, 256, 260, 1024, 2048, (64, 96))
    assert list(map(resolution, sizes)) == [64, 64, 128, 256, 512, 1024, 1024, 128]
