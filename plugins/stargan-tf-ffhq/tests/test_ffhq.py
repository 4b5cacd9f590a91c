"""FFHQ on small pictures with the real names and folders."""

import shutil

import pytest
import tensorflow_datasets as tfds
from PIL import Image
from stargan_tf_ffhq import FFHQ
from stargan_tf_ffhq.numbers import number_of

from stargan_tf.cli.main import main
from stargan_tf.plugin import DatasetOptions, InputError
from stargan_tf.testing import check_dataset

NUMBERS = (0, 1, 999, 1000, 59_999, 60_000, 61_234, 69_999)


@pytest.fixture
def ffhq(tmp_path, write_pictures):
    """images1024x1024/00000/00000.png and so on."""
    names = [f"{k // 1000 * 1000:05d}/{k:05d}.png" for k in NUMBERS]
    return write_pictures(tmp_path / "images1024x1024", names, (64, 64))


def test_folder_and_zip(ffhq, tmp_path):
    shutil.make_archive(tmp_path / "thumbnails128x128", "zip", tmp_path, ffhq.name)
    for place in (ffhq, tmp_path / "thumbnails128x128.zip"):
        check_dataset("ffhq", place)
        train, held_out = opened(place)
        assert [number_of(name) for name in train.names] == [0, 1, 999, 1000, 59_999]
        assert [number_of(name) for name in held_out.names] == [60_000, 61_234, 69_999]


def test_names_that_are_no_numbers_of_it():
    stems = ("70000", "1234", "123456", "face", "0x123", "٠٠٠٠١")
    assert [number_of(f"{stem}.png") for stem in stems] == [None] * 6


def test_the_builder(ffhq, manual_folder):
    ffhq.rename(manual_folder / ffhq.name)
    check_dataset("ffhq")
    numbers = [example["number"] for example in tfds.data_source("ffhq", split="test")]
    assert sorted(numbers) == [60_000, 61_234, 69_999]


def test_a_part_without_held_out_pictures(ffhq):
    shutil.rmtree(ffhq / "60000"), shutil.rmtree(ffhq / "61000")
    shutil.rmtree(ffhq / "69000")
    with pytest.raises(InputError, match=r"60000 to 69999.*use the split 'train'"):
        opened(ffhq)


def test_pictures_are_saved_to_be_translated(ffhq, tmp_path):
    output = tmp_path / "faces"
    arguments = ["--dataset", "ffhq", "--data_dir", str(ffhq), "--image_size", "32"]
    assert main(["datasets", "save", *arguments, "--output", str(output)]) == 0
    saved = sorted(output.rglob("*.png"))
    assert len(saved) == 3
    with Image.open(saved[0]) as picture:
        assert picture.size == (32, 32)


@pytest.mark.parametrize("dataset", ["ffhq", "toon_attributes,ffhq"])
def test_training_on_it_is_refused_in_a_line(dataset, ffhq, tmp_path, capsys):
    folders = {"ffhq": f"{ffhq}", "toon_attributes,ffhq": f",{ffhq}"}[dataset]
    arguments = ["--dataset", dataset, "--data_dir", folders, "--image_size", "32"]
    assert main(["train", *arguments, "--run", str(tmp_path / "run")]) == 2
    error = capsys.readouterr().err
    assert (
        "data set 'ffhq' with" in error
        and "translate" in error
        and error.count("\n") == 1
    )


def test_the_doctor_s_list(ffhq, write_pictures):
    write_pictures(ffhq, ["00000/face.png"])
    audit = FFHQ.audit(DatasetOptions(data_dir=str(ffhq)))
    assert [file.name for file in audit.ignored] == ["00000/face.png"]
    assert len(audit.names) == len(NUMBERS)


def opened(folder):
    options = DatasetOptions(data_dir=str(folder))
    return [FFHQ.load(split, 32, options) for split in ("train", "held_out")]
