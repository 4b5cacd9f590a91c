import errno
import os

import numpy as np
import pytest
from PIL import Image

from stargan_tf.data.folder import FOLDER
from stargan_tf.data.options import DatasetOptions
from stargan_tf.data.registry import load_dataset
from stargan_tf.data.source import UnreadableImage
from stargan_tf.errors import InputError


@pytest.fixture
def animals(photograph, tmp_path):
    for number in range(6):
        photograph(f"animals/cat/{number}.png", seed=number)
        photograph(f"animals/dog/puppies/{number}.JPEG", seed=number)
        photograph(f"animals/wild/{number}.webp", seed=number)
    (tmp_path / "animals" / ".git").mkdir()
    return str(tmp_path / "animals")


def test_folder(animals):
    train = load_dataset("folder", "train", 8, data_dir=animals)
    held_out = load_dataset("folder", "held_out", 8, data_dir=animals)
    assert train.info.domains == ("cat", "dog", "wild")
    assert train.info.label_type == "one_hot"
    assert len(train) + len(held_out) == 18
    for part in (train, held_out):
        assert part.labels.dtype == np.float32
        np.testing.assert_array_equal(part.labels.sum(1), 1)
        assert part.labels.sum(0).min() >= 1
        for name, label in zip(part.names, part.labels, strict=True):
            assert name.startswith(part.info.domains[label.argmax()] + "/")
    image = train.load(0)
    assert image.shape == (8, 8, 3) and image.dtype == np.uint8


def test_choice_of_domains(animals):
    part = load_dataset(
        "folder", "train", 8, data_dir=animals, attributes=("wild", "cat")
    )
    assert part.info.domains == ("wild", "cat")
    assert part.names[0].startswith("wild/") and part.labels[0, 0] == 1


def test_fingerprint_follows_files_and_settings(animals, photograph):
    def fingerprint(**options):
        return load_dataset(
            "folder", "train", 8, data_dir=animals, **options
        ).fingerprint

    before = fingerprint()
    assert fingerprint() == before
    assert fingerprint(crop_size=5) != before
    for number in range(6):
        photograph(f"animals/cat/{number}.png", seed=99)
    assert fingerprint() != before


def test_bad_folders(animals, tmp_path):
    def fails(message, **options):
        with pytest.raises(InputError, match=message):
            load_dataset("folder", "train", 8, **options)

    fails("needs --data_dir")
    fails(
        "no domain folder 'cats'. Did you mean cat",
        data_dir=animals,
        attributes=["cats"],
    )
    fails("has no subfolder", data_dir=animals + "/cat")
    fails("crop_size must be a positive", data_dir=animals, crop_size=0)
    photographs = tmp_path / "animals" / "yak"
    photographs.mkdir()
    (photographs / "1.HEIC").touch()
    fails(r"'yak' has no image.*\(\.heic: not read as an image \(1\)", data_dir=animals)
    (photographs / "1.HEIC").rename(photographs / "notes.txt")
    fails("'yak' has no image", data_dir=animals, attributes=["yak"])
    (tmp_path / "splits" / "train" / "cat").mkdir(parents=True)
    (tmp_path / "splits" / "val").mkdir()
    fails("are splits, not domains", data_dir=str(tmp_path / "splits"))
    with pytest.raises(InputError, match="multiple of 4"):
        load_dataset("folder", "train", 30, data_dir=animals)


def layout(tmp_path, photograph, *folders):
    for seed, folder in enumerate(folders):
        for number in range(2):
            photograph(f"data/{folder}/{number}.png", (6, 6), seed=seed)
    return tmp_path / "data"


@pytest.mark.parametrize(
    "folders",
    [
        ("Train/cats", "Train/dogs", "Test/cats", "Test/dogs"),
        ("TRAIN/cats", "VAL/cats"),
        ("training_set/cats", "training_set/dogs", "test_set/cats"),
        ("train_images", "test_images"),
        ("train-data/a", "Validation Data/a"),
        ("imgs_train/a", "imgs_dev/a"),
        ("train2017/a", "val2017/a"),
        ("Training/a", "Evaluation/a", "extra/b"),
        ("train/a", "val/a", "unlabeled/images"),
        ("fold1/a", "fold2/a", "fold3/a"),
        ("trainA", "trainB", "testA", "testB"),
        ("train_a", "train_b"),
        ("TrainA", "TestA"),
        ("trainA", "trainB", "testA", "testB", "notes"),
    ],
)
def test_splits_are_no_domains_in_any_spelling(tmp_path, photograph, folders):
    root = layout(tmp_path, photograph, *folders)
    with pytest.raises(InputError, match=r"are splits.* (Pass one|Choose those)"):
        load_dataset("folder", "train", 8, data_dir=str(root))
    assert FOLDER.audit(DatasetOptions(data_dir=str(root))).names


@pytest.mark.parametrize(
    "folders",
    [
        ("bus", "train"),
        ("bus/side", "train/side"),
        ("bus", "tram", "Train"),
        ("person1/front", "person2/front"),
        ("trained", "tested"),
        ("valley", "desert"),
        ("part", "whole"),
    ],
)
def test_a_train_beside_a_bus_is_a_vehicle(tmp_path, photograph, folders):
    root = layout(tmp_path, photograph, *folders)
    train = load_dataset("folder", "train", 8, data_dir=str(root))
    assert set(train.info.domains) == {folder.split("/")[0] for folder in folders}


def test_the_advice_names_the_training_images(tmp_path, photograph):
    root = layout(tmp_path, photograph, "trainA", "trainB", "valA", "valB")
    with pytest.raises(InputError, match="--attributes trainA,trainB"):
        load_dataset("folder", "train", 8, data_dir=str(root))


def test_folders_of_cyclegan_are_domains_if_they_are_chosen(tmp_path, photograph):
    root = layout(tmp_path, photograph, "trainA", "trainB", "testA", "testB")
    options = {"data_dir": str(root), "attributes": ("trainA", "trainB")}
    train = load_dataset("folder", "train", 8, **options)
    assert train.info.domains == ("trainA", "trainB")


def test_folders_without_pictures_beside_the_domains_are_left_out(
    tmp_path, photograph, warned
):
    root = layout(tmp_path, photograph, "cat", "dog")
    for name in ("annotations/1.xml", "__MACOSX/cat/._1.png", "empty/x/y.txt"):
        (root / name).parent.mkdir(parents=True)
        (root / name).touch()
    options = DatasetOptions(data_dir=str(root))
    assert FOLDER.labels_in(options).names == ("cat", "dog")
    for split in ("train", "held_out"):
        loaded = load_dataset("folder", split, 8, data_dir=str(root))
        assert loaded.info.domains == ("cat", "dog")
    (line,) = warned
    assert "which is no domain (2, such as annotations/)" in line
    left_out = {file.name for file in FOLDER.audit(options).ignored}
    assert {"annotations/", "annotations/1.xml", "__MACOSX/", "empty/"} <= left_out


def test_a_root_without_any_picture(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    with pytest.raises(
        InputError, match="No subfolder of .* contains an image: a. Put"
    ):
        load_dataset("folder", "train", 8, data_dir=str(tmp_path))


def test_domain_names_are_compared_as_characters(tmp_path, photograph):
    composed, apart = "zo\u00eb", "zoe\u0308"
    root = layout(tmp_path, photograph, "ant", apart)
    train = load_dataset("folder", "train", 8, data_dir=str(root))
    assert train.info.domains == ("ant", composed)
    assert train.info.index(apart) == train.info.index(composed) == 1
    assert {image.split("/")[0] for image in train.names} == {"ant", apart}
    assert train.load(len(train) - 1).shape == (8, 8, 3)
    for name in (apart, composed):
        chosen = load_dataset(
            "folder", "train", 8, data_dir=str(root), attributes=[name]
        )
        assert chosen.info.domains == (composed,)
    layout(tmp_path, photograph, composed)
    with pytest.raises(InputError, match="Two subfolders of .* in different bytes"):
        load_dataset("folder", "train", 8, data_dir=str(root))


@pytest.mark.parametrize("name", [b"caf\xe9", b"a\tb", b"a\nb", "a\u2028b".encode()])
def test_domains_that_no_command_could_name_are_refused(tmp_path, photograph, name):
    photograph("data/cat/1.png")
    photograph("other/1.png")
    os.rename(tmp_path / "other", os.fsencode(tmp_path / "data") + b"/" + name)
    with pytest.raises(InputError, match=r"domain names .*Rename") as error:
        load_dataset("folder", "train", 8, data_dir=str(tmp_path / "data"))
    str(error.value).encode("ascii" if b"a" in name[:1] else "utf-8")


def test_unreadable_image_is_named_when_it_is_loaded(animals, tmp_path):
    for path in (tmp_path / "animals").rglob("*.png"):
        path.write_bytes(b"")
    part = load_dataset("folder", "train", 8, data_dir=animals)
    with pytest.raises(UnreadableImage, match=r"cat/\d\.png"):
        part.load(0)


def test_a_file_that_nobody_may_look_at_stops_nothing(animals, monkeypatch):
    """In a folder that may be listed and not entered; as root one may do both."""
    stat = os.stat

    def refuse(path, *arguments, **options):
        if str(path).endswith("wild/3.webp"):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return stat(path, *arguments, **options)

    monkeypatch.setattr(os, "stat", refuse)
    part = load_dataset("folder", "held_out", 8, data_dir=animals)
    position = part.names.index("wild/3.webp")
    assert part.problem(position).endswith("wild/3.webp: Permission denied.")
    assert part.originals.size(position) == 0
    assert part.originals.read(position) == b""


def test_stretch_shows_the_whole_picture(tmp_path, photograph):
    for number in range(4):
        photograph(f"{'ab'[number % 2]}/{number}.png", (30, 50), seed=number)
    folder = {"data_dir": str(tmp_path), "image_size": 12}
    stretched = load_dataset("folder", fit="stretch", **folder)
    with Image.open(tmp_path / stretched.names[0]) as image:
        whole = np.asarray(image.resize((12, 12), Image.Resampling.BILINEAR))
    np.testing.assert_array_equal(stretched.load(0), whole)
    cropped = load_dataset("folder", **folder)
    assert not np.array_equal(cropped.load(0), whole)
    assert cropped.fingerprint != stretched.fingerprint
    # A crop that is asked for is a square already.
    square = load_dataset("folder", fit="stretch", crop_size=30, **folder)
    np.testing.assert_array_equal(square.load(0), cropped.load(0))
    with pytest.raises(InputError, match="fit must be one of 'crop', 'stretch'"):
        load_dataset("folder", fit="squeeze", **folder)


@pytest.mark.parametrize(
    ("side", "crop_size", "expected"),
    [(64, None, 24), (22, None, 20), (12, None, 12), (64, 18, 16)],
)
def test_enlarged_images_have_at_most_the_detail_of_the_files(
    tmp_path, photograph, side, crop_size, expected
):
    for number in range(5):
        photograph(f"a/{number}.png", (side, side + 8), seed=number)
    (tmp_path / "a/empty.png").touch()
    source = load_dataset(
        "folder", image_size=12, data_dir=str(tmp_path), crop_size=crop_size
    )
    large = source.enlarge()
    assert large.info.image_size == expected
    assert large.names == source.names
    np.testing.assert_array_equal(large.labels, source.labels)
    readable = next(n for n, name in enumerate(large.names) if "empty" not in name)
    assert large.load(readable).shape == (expected, expected, 3)
