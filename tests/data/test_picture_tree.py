"""Pictures of a folder or a zip, alone and divided into splits and domains."""

import os
import threading
import zipfile

import numpy as np
import pytest

from stargan_tf.data.folder import split_files
from stargan_tf.data.picture_tree import picture_tree
from stargan_tf.plugin import (
    DatasetOptions,
    InputError,
    SplitFolders,
    UnreadableImage,
    one_hot,
)


class Pets(SplitFolders):
    """Without files of TensorFlow Datasets."""

    def builder(self):
        raise InputError("no builder")


PETS = Pets(
    api_version=1,
    name="pets",
    description="d",
    license="l",
    citation="c",
    obtain="Get pets.zip.",
    labels=one_hot("cat", "dog"),
)
FILES = ("train/cat/1.png", "train/cat/2.png", "train/dog/1.png")
FILES += ("val/cat/3.png", "val/dog/2.png")


@pytest.fixture
def pets(tmp_path, photograph):
    """The same pictures as a folder and as a zip with one folder more around them."""
    for seed, name in enumerate(FILES):
        photograph(f"pets/{name}", seed=seed)
    with zipfile.ZipFile(tmp_path / "pets.zip", "w") as archive:
        for name in FILES:
            archive.write(tmp_path / "pets" / name, f"pets/{name}")
        archive.writestr("__MACOSX/train/cat/._1.png", b"")
        archive.writestr("pets/readme.txt", b"")
        archive.writestr("pets/train/cat/features.npy", b"")
    return tmp_path / "pets", tmp_path / "pets.zip"


def test_folder_and_zip_give_the_same(pets):
    for split, names in (("train", FILES[:3]), ("held_out", FILES[3:])):
        folder, zipped = (
            PETS.load(split, 8, DatasetOptions(data_dir=str(path))) for path in pets
        )
        assert folder.names == names
        assert zipped.names == tuple(f"pets/{name}" for name in names)
        np.testing.assert_array_equal(folder.labels, zipped.labels)
        classes = ["dog" in name for name in names]
        np.testing.assert_array_equal(folder.labels[:, 1], classes)
        for number in range(len(folder)):
            np.testing.assert_array_equal(folder.load(number), zipped.load(number))
        assert folder.enlarge().load(0).shape == zipped.enlarge().load(0).shape


def test_a_folder_with_nothing_but_the_zip(pets, tmp_path):
    place = tmp_path / "downloads"
    place.mkdir()
    before = PETS.load("train", 8, DatasetOptions(data_dir=str(pets[1])))
    pets[1].rename(place / "pets.zip")
    moved = PETS.load("train", 8, DatasetOptions(data_dir=str(place)))
    assert moved.fingerprint == before.fingerprint


def test_the_fingerprint_follows_the_pictures(pets, photograph, tmp_path):
    options = DatasetOptions(data_dir=str(pets[1]))
    before = PETS.load("train", 8, options).fingerprint
    photograph("pets/train/cat/1.png", seed=9)
    with zipfile.ZipFile(pets[1], "w") as archive:
        for name in FILES:
            archive.write(tmp_path / "pets" / name, f"pets/{name}")
    assert PETS.load("train", 8, options).fingerprint != before


def test_many_threads_read_one_zip(pets):
    images = PETS.load("train", 8, DatasetOptions(data_dir=str(pets[1])))
    expected = [images.load(number) for number in range(3)]
    wrong = []

    def read():
        for number in [0, 1, 2] * 10:
            if not np.array_equal(images.load(number), expected[number]):
                wrong.append(number)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_the_user_chooses_domains(pets):
    options = DatasetOptions(data_dir=str(pets[1]), attributes=("dog",))
    assert PETS.load("train", 8, options).names == ("pets/train/dog/1.png",)


def test_broken_zips(pets, tmp_path):
    whole = pets[1].read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[:-300])
    with pytest.raises(InputError, match=r"cut.zip: .* download it again"):
        picture_tree(tmp_path / "cut.zip")
    with zipfile.ZipFile(pets[1]) as archive:
        start = archive.getinfo("pets/train/cat/1.png").header_offset
    spoiled = bytearray(whole)
    spoiled[start + 100] ^= 255
    (tmp_path / "spoiled.zip").write_bytes(spoiled)
    tree = picture_tree(tmp_path / "spoiled.zip")
    with pytest.raises(UnreadableImage, match=r"train/cat/1.png in .*spoiled.zip"):
        tree.read("pets/train/cat/1.png")


def test_what_is_left_out_of_a_zip_is_said(pets, warned):
    assert picture_tree(pets[1]).names == tuple(f"pets/{name}" for name in FILES)
    (line,) = warned
    assert ".txt: not read as an image (1, such as pets/readme.txt)" in line
    assert "an array or a scan beside images (1, such as pets/train/cat" in line
    assert "created by the system or an archiver (1, such as __MACOSX" in line


def test_paths_outside_of_a_zip_are_left_out(pets, warned):
    with zipfile.ZipFile(pets[1], "a") as archive:
        for name in ("/home/a.png", "..\\a.png", "C:/a.png", "b\\a.png"):
            archive.writestr(name, b"")
    assert picture_tree(pets[1]).names == tuple(f"pets/{name}" for name in FILES)
    assert "an absolute path, or one with backslashes (3, such as " in warned[0]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_that_is_listed_twice_counts_once(pets, tmp_path):
    with zipfile.ZipFile(pets[1], "a") as archive:
        for name in FILES:
            archive.write(tmp_path / "pets" / name, f"pets/{name}")
        archive.writestr("pets/folder.jpg/", b"")
    assert picture_tree(pets[1]).names == tuple(f"pets/{name}" for name in FILES)


@pytest.mark.parametrize("size", [80 << 20, 300 << 20])
def test_a_member_is_measured_before_it_is_unpacked(tmp_path, size, monkeypatch):
    """A kilobyte of zip that would be megabytes of zeros."""
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_DEFLATED, 1) as archive:
        if size < 100 << 20:
            archive.writestr("a.png", bytes(size))
        else:
            archive.writestr("a.png", b"x")
            archive.getinfo("a.png").file_size = size  # Said, and not true.
            archive.getinfo("a.png").compress_size = size
    monkeypatch.setattr(zipfile.ZipFile, "open", None)  # Nothing is unpacked.
    with pytest.raises(UnreadableImage, match=r"a.png .* are not an image"):
        picture_tree(tmp_path / "b.zip").read("a.png")


def test_a_zip_must_be_a_file(tmp_path):
    os.mkfifo(tmp_path / "pipe.zip")
    with pytest.raises(InputError, match=r"pipe\.zip is a file, not a folder|pipe"):
        picture_tree(tmp_path / "pipe.zip")
    with pytest.raises(InputError, match="pipe"):
        picture_tree(tmp_path)


def test_folders_that_are_not_there(pets, tmp_path):
    tree = picture_tree(pets[0])
    with pytest.raises(InputError, match=r"test/{cat,dog}/.* in train/cat"):
        split_files(tree, "test", ("cat", "dog"))
    with pytest.raises(InputError, match="no image of wild"):
        split_files(tree, "val", ("cat", "dog", "wild"))
    (tmp_path / "pets" / "train").rename(tmp_path / "again")
    (tmp_path / "again").rename(tmp_path / "pets" / "old")
    with pytest.raises(InputError, match="images in old/cat"):
        split_files(picture_tree(pets[0]), "train", ("cat", "dog"))


def test_a_split_in_two_places(pets, tmp_path, photograph):
    photograph("pets/copy/val/cat/1.png")
    with pytest.raises(InputError, match="2 times, in copy, the top level"):
        split_files(picture_tree(pets[0]), "val", ("cat", "dog"))


def test_no_picture_is_answered_with_how_to_get_them(tmp_path):
    with pytest.raises(InputError, match=r"contains no image. Get pets.zip."):
        PETS.load("train", 8, DatasetOptions(data_dir=str(tmp_path)))


def test_a_folder_is_audited_and_a_zip_is_not(pets):
    (pets[0] / "train" / "notes.txt").touch()
    audit = PETS.audit(DatasetOptions(data_dir=str(pets[0])))
    assert audit.names == FILES
    assert [file.name for file in audit.ignored] == ["train/notes.txt"]
    assert PETS.audit(DatasetOptions(data_dir=str(pets[1]))) is None
    assert PETS.audit(DatasetOptions()) is None
