"""The builder: prepared, killed, from the command line, on Beam."""

import io
import os
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest
import tensorflow_datasets as tfds
from stargan_tf_afhq import AFHQ, AFHQ_V2
from stargan_tf_afhq.afhq import Builder

from stargan_tf.plugin import DatasetOptions, InputError
from stargan_tf.testing import check_dataset

DOMAINS = ("cat", "dog", "wild")
# A process that stops forever in the middle of the first split.
STOPPED = """
import sys, time
from stargan_tf.data.picture_tree import PictureTree
from stargan_tf_afhq.afhq import Builder

read, seen = PictureTree.read, []

def stop(tree, name):
    seen.append(name)
    if len(seen) == 5:
        print("in the middle", flush=True)
        time.sleep(600)
    return read(tree, name)

PictureTree.read = stop
Builder(config="v2").download_and_prepare(file_format="array_record")
"""


@pytest.fixture
def in_manual_folder(manual_folder, write_pictures):
    """afhq/ unpacked, afhq_v2.zip zipped."""
    for test, folder in (("val", "afhq"), ("test", "afhq_v2")):
        names = [
            f"{split}/{domain}/{number}.png"
            for split, count in (("train", 4), (test, 2))
            for domain in DOMAINS
            for number in range(count)
        ]
        write_pictures(manual_folder / folder, names)
    shutil.make_archive(manual_folder / "afhq_v2", "zip", manual_folder / "afhq_v2")
    shutil.rmtree(manual_folder / "afhq_v2")
    return manual_folder


def test_without_data_dir_the_builder_prepares(in_manual_folder, tfds_folder):
    pytest.importorskip("array_record")
    for data, name in ((AFHQ, "afhq"), (AFHQ_V2, "afhq_v2")):
        check_dataset(name)
        train, held_out = opened(data)
        assert (len(train), len(held_out)) == (12, 6)
        np.testing.assert_array_equal(train.labels.sum(axis=0), [4, 4, 4])
    assert not list(tfds_folder.glob("downloads/extracted/*"))  # nothing is unpacked


def test_the_prepared_pictures_are_the_files(in_manual_folder):
    unpacked = AFHQ.load("train", 40, DatasetOptions(data_dir=str(in_manual_folder)))
    by_name = {n.split("train/")[1]: i for i, n in enumerate(unpacked.names)}
    prepared = tfds.load("afhq/v1", split="train")
    for example in prepared.as_numpy_iterator():
        index = by_name[example["name"].decode().split("train/")[1]]
        np.testing.assert_array_equal(example["image"], unpacked.load(index))
        assert unpacked.labels[index, example["label"]] == 1


def test_files_that_are_not_there(tfds_folder, manual_folder):
    with pytest.raises(InputError, match="does not exist or is empty"):
        AFHQ.load("train", 32, DatasetOptions())
    (manual_folder / "other.zip").touch()
    with pytest.raises(
        InputError, match=r"one of .*afhq.zip, .*afhq\. .*Download afhq"
    ):
        AFHQ.load("train", 32, DatasetOptions())
    assert not list(tfds_folder.glob("afhq/**/*.array_record*"))


def test_killed_in_the_middle_and_started_again(
    in_manual_folder, tfds_folder, tmp_path
):
    Builder(config="v2", data_dir=tmp_path / "undisturbed").download_and_prepare(
        file_format="array_record",
        download_config=tfds.download.DownloadConfig(manual_dir=in_manual_folder),
    )
    process = subprocess.Popen(
        [sys.executable, "-c", STOPPED], stdout=subprocess.PIPE, text=True
    )
    assert "in the middle\n" in iter(process.stdout.readline, "")
    os.kill(process.pid, signal.SIGKILL)
    process.wait(), process.stdout.close()
    version = tfds_folder / "afhq" / "v2" / "1.0.0"
    assert not version.exists() and list(version.parent.glob("incomplete.*"))
    builder = Builder(config="v2")
    builder.download_and_prepare(file_format="array_record")
    assert [path.name for path in version.parent.iterdir()] == ["1.0.0"]
    same = tmp_path / "undisturbed" / "afhq" / "v2" / "1.0.0"
    assert contents(version) == contents(same) and len(contents(version)) == 2


def test_tfds_build(in_manual_folder, tfds_folder, capfd):
    """Its command, without its `main`, which starts only where Beam is installed."""
    from tensorflow_datasets.scripts.cli import build, cli_utils

    build.Args(
        positional_datasets=["afhq/v1"],
        generation=cli_utils.GenerationOptions(imports="stargan_tf_afhq.afhq"),
        paths=cli_utils.PathOptions(data_dir=tfds.core.Path(tfds_folder)),
    ).execute()
    assert Builder(config="v1").is_prepared()
    assert "Generating train examples" in capfd.readouterr().err  # the bar


def test_on_beam_it_gives_the_same(in_manual_folder, tmp_path):
    beam = pytest.importorskip("apache_beam")
    builder = Builder(config="v2", data_dir=tmp_path / "beam")
    builder.download_and_prepare(
        download_config=tfds.download.DownloadConfig(
            manual_dir=in_manual_folder, beam_runner=beam.runners.DirectRunner()
        )
    )
    expected = Builder(config="v2")
    expected.download_and_prepare()
    for split in ("train", "test"):
        assert examples(builder, split) == examples(expected, split)


def test_beam_is_asked_for_by_its_options(in_manual_folder, monkeypatch):
    """What the builder hands to Beam, where Beam is not installed."""
    made = []

    class Step:
        def __init__(self, *values):
            self.values = values

        def __or__(self, other):
            made.append((self.values, other.values))
            return self

    class Beam:
        Create, Map = Step, Step

    monkeypatch.setitem(sys.modules, "apache_beam", Beam)
    builder = Builder(config="v2")
    builder._on_beam = True

    class Manager:
        manual_dir = in_manual_folder

    assert set(builder._split_generators(Manager)) == {"train", "test"}
    ((rows,), (example,)), _ = made
    assert len(rows) == 12
    key, values = example(rows[0])
    assert key == "train/cat/0.png" and values["label"] == 0
    assert isinstance(values["image"], io.BytesIO)


def examples(builder, split):
    read = builder.as_dataset(split, shuffle_files=False).as_numpy_iterator()
    return {e["name"]: (e["label"], e["image"].tobytes()) for e in read}


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.glob("*.array_record*")}


def opened(data):
    return [data.load(split, 32, DatasetOptions()) for split in ("train", "held_out")]
