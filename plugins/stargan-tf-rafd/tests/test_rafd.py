"""RaFD on small photographs with the official names."""

import shutil

import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image
from stargan_tf_rafd import RAFD, RAFD_ANGLE, RAFD_FRONTAL, RAFD_GAZE
from stargan_tf_rafd.file_name import EXPRESSIONS, Photo, read_name

from stargan_tf.plugin import DatasetOptions, InputError
from stargan_tf.testing import check_dataset

ALL = (RAFD, RAFD_FRONTAL, RAFD_GAZE, RAFD_ANGLE)
# Of three persons with 8 expressions × 3 gazes × 5 cameras each.
COUNTS = {"rafd": 72, "rafd_frontal": 8, "rafd_gaze": 72, "rafd_angle": 120}


@pytest.mark.parametrize(
    ("name", "photo"),
    [
        (
            "Rafd090_01_Caucasian_female_angry_frontal.jpg",
            Photo(1, "angry", "frontal", "090"),
        ),
        (
            "train/sad/rafd135_46_Moroccan_male_sad_left.PNG",
            Photo(46, "sad", "left", "135"),
        ),
        (
            "Rafd180_67_Kid_female_contemptuous_right.jpg",
            Photo(67, "contemptuous", "right", "180"),
        ),
        ("Rafd091_01_Caucasian_female_angry_frontal.jpg", None),
        ("Rafd090_01_Caucasian_female_bored_frontal.jpg", None),
        ("Rafd090_01_Caucasian_female_angry_frontal (1).jpg", None),
        ("portrait.jpg", None),
    ],
)
def test_names_are_read(name, photo):
    assert read_name(name) == photo


@pytest.mark.parametrize("data", ALL, ids=lambda data: data.name)
def test_it_keeps_its_promises(data, rafd):
    check_dataset(data.name, rafd)
    train, held_out = opened(data, rafd)
    assert len(held_out) == COUNTS[data.name]
    assert len(train) == 2 * COUNTS[data.name]


def test_no_person_is_in_both_splits(rafd):
    train, held_out = (
        {read_name(name).person for name in images.names}
        for images in opened(RAFD, rafd)
    )
    assert train | held_out == {1, 5, 46} and not train & held_out


def test_labels_follow_the_names(rafd):
    for data, prefix, read in (
        (RAFD, "", lambda photo: photo.expression),
        (RAFD_GAZE, "gaze_", lambda photo: photo.gaze),
        (RAFD_ANGLE, "angle_", lambda photo: photo.angle),
    ):
        for images in opened(data, rafd):
            for name, label in zip(images.names, images.labels, strict=True):
                domain = images.info.domains[label.argmax()]
                assert domain == prefix + read(read_name(name))
    assert RAFD.labels.names == EXPRESSIONS
    assert RAFD_GAZE.labels.names == ("gaze_left", "gaze_frontal", "gaze_right")


def test_which_photographs_are_taken(rafd):
    angles = {read_name(name).angle for name in opened(RAFD, rafd)[0].names}
    assert angles == {"045", "090", "135"}
    frontal = [read_name(name) for name in opened(RAFD_FRONTAL, rafd)[0].names]
    assert {(photo.angle, photo.gaze) for photo in frontal} == {("090", "frontal")}


def test_the_crop_is_the_user_s(rafd):
    images = opened(RAFD, rafd, crop_size=16)[0]
    with Image.open(rafd / images.names[0]) as picture:
        expected = picture.crop((9, 18, 25, 34)).resize((32, 32), Image.BILINEAR)
    np.testing.assert_array_equal(images.load(0), np.asarray(expected))


def test_some_expressions_and_a_zip(rafd, tmp_path):
    shutil.make_archive(tmp_path / "rafd", "zip", rafd)
    for folder in (rafd, tmp_path / "rafd.zip"):
        train, _ = opened(RAFD, folder, attributes=("sad", "happy"))
        assert train.info.domains == ("sad", "happy") and len(train) == 36


def test_pictures_with_other_names(rafd, tmp_path, write_pictures):
    write_pictures(tmp_path / "faces", ["1.jpg"])
    with pytest.raises(InputError, match=r"Rafd090_01_.*1 images in .*, such as 1.jpg"):
        opened(RAFD, tmp_path / "faces")
    write_pictures(rafd, ["sub/1.jpg"])
    audit = RAFD_FRONTAL.audit(DatasetOptions(data_dir=str(rafd)))
    reasons = {file.name: file.reason for file in audit.ignored}
    assert len(audit.names) == 24 and len(reasons) == 1 + 360 - 24
    assert reasons["sub/1.jpg"].startswith("not an official file name")
    other = "Rafd045_01_Caucasian_female_angry_left.jpg"
    assert reasons[other] == "not part of rafd_frontal: angle 045, gaze left"


def test_the_builder(rafd, manual_folder):
    shutil.copytree(rafd, manual_folder / "rafd")
    for data in (RAFD_FRONTAL, RAFD_ANGLE):
        check_dataset(data.name)
        _, held_out = opened(data, None)
        assert len(held_out) == COUNTS[data.name]
    for example in tfds.data_source("rafd/frontal", split="test"):
        photo = read_name(example["name"].decode())
        assert example["person"] == photo.person
        assert EXPRESSIONS[example["expression"]] == photo.expression


def opened(data, folder, **options):
    options = DatasetOptions(data_dir=folder and str(folder), **options)
    return [data.load(split, 32, options) for split in ("train", "held_out")]
