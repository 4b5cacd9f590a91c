"""`stargan-tf new-plugin`: names, refusals, and what is written."""

import importlib
import subprocess
import sys
import unicodedata
from dataclasses import replace

import numpy as np
import pytest

from stargan_tf import new_plugin
from stargan_tf.cli.main import main
from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.intensity import Intensity
from stargan_tf.data.options import DatasetOptions
from stargan_tf.errors import InputError
from stargan_tf.new_plugin import KINDS, plugin_names, write_plugin


def test_names_are_made_from_one():
    names = plugin_names("my_2_flowers")
    assert names["distribution"] == "stargan-tf-my-2-flowers"
    assert names["module"] == "stargan_tf_my_2_flowers"
    assert names["class_name"] == "My2Flowers"


@pytest.mark.parametrize(
    ("name", "proposal"),
    [
        ("my-flowers", "my_flowers"),
        ("My Flowers!", "my_flowers"),
        ("2flowers", "flowers"),
        ("flowers_", "flowers"),
        ("", "my_dataset"),
        ("../flowers", "flowers"),
        ("import", "my_dataset"),
        ("Blumen-öäü", "blumen"),
        ("x", "my_dataset"),
    ],
)
def test_a_name_of_another_form_is_answered_with_a_near_one(name, proposal):
    with pytest.raises(InputError, match=f"Received: .*such as {proposal}[.]"):
        plugin_names(name)
    assert proposal == "my_dataset" or plugin_names(proposal)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "the following arguments are required: NAME"),
        (["a_b", "c_d"], "takes fewer arguments. Received: c_d"),
        (["my-flowers"], "such as my_flowers."),
        (["flowers", "--kind", "picture"], "invalid choice: 'picture'"),
        (["!", "--kind", "model"], "The name of a model family must consist of"),
        (["folder"], "Received: 'folder', which stargan_tf "),
        (["taken"], "taken already exists. Choose another --output"),
        (["flowers", "--output", "taken"], "taken already exists"),
        (
            ["flowers", "--output", "file/flowers"],
            "Cannot write the plugin file/flowers: file is a file, not a folder.",
        ),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_written(
    tmp_path, monkeypatch, capsys, arguments, message
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").mkdir()
    (tmp_path / "file").write_text("x")
    assert main(["new-plugin", *arguments]) == 2
    errors = capsys.readouterr().err
    assert message in errors and errors.count("\n") == 1
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "taken"]


def test_an_error_half_way_leaves_nothing(tmp_path, monkeypatch):

    layout = {**new_plugin.SHARED_LAYOUT, "a" * 300: "LICENSE"}
    monkeypatch.setattr(new_plugin, "SHARED_LAYOUT", layout)
    with pytest.raises(InputError, match=r"the plugin .*/flowers: File name too long"):
        write_plugin("flowers", tmp_path / "flowers")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", KINDS)
def test_what_it_writes_is_complete_and_clean(tmp_path, monkeypatch, capsys, kind):
    """That it can be installed and passes its tests: `tests/test_docs_plugins.py`."""
    monkeypatch.chdir(tmp_path)
    assert main(["new-plugin", "my_own", "--kind", kind]) == 0
    said = capsys.readouterr().out
    for command in ("pip install -e 'my_own[test]'", "pytest my_own", "README.md"):
        assert command in said
    folder = tmp_path / "my_own"
    written = [path for path in folder.rglob("*") if path.is_file()]
    assert (folder / ".gitignore") in written
    assert "$" not in "".join(path.read_text("utf-8") for path in written)
    ruff = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache"]
    subprocess.run([*ruff, "--select", "E,F,UP,B,SIM", folder], check=True)
    ruff[3:4] = ["format", "--check"]
    subprocess.run([*ruff, folder], check=True)


def test_domains_of_a_new_data_set(tmp_path, monkeypatch):
    write_plugin("my_cats", tmp_path / "my_cats")
    monkeypatch.syspath_prepend(tmp_path / "my_cats")
    (tmp_path / "images/empty").mkdir(parents=True)
    decomposed = unicodedata.normalize("NFD", "Kätzchen")
    for folder in (decomposed, "dog", "@eaDir"):
        (tmp_path / "images" / folder).mkdir()
        for number in range(3):
            (tmp_path / "images" / folder / f"{number}.png").touch()
    dataset = importlib.import_module("stargan_tf_my_cats").DATASET
    options = DatasetOptions(data_dir=str(tmp_path / "images"))
    images = dataset.load("train", 8, options)
    assert images.info.domains == (unicodedata.normalize("NFC", "Kätzchen"), "dog")
    assert len(images) == 4


def test_a_new_family_takes_gray_rectangles_without_gaps(tmp_path, monkeypatch):
    write_plugin("my_grays", tmp_path / "my_grays", "model")
    monkeypatch.syspath_prepend(tmp_path / "my_grays")
    family = importlib.import_module("stargan_tf_my_grays.model").MyGrays
    info = DatasetInfo("scans", ("a", "b"), "one_hot", (32, 48), num_channels=1)
    images = np.zeros((2, 32, 48, 1), np.uint8)
    model = family(info, filters=2, num_blocks=1)
    assert model.translate(images, "a").shape == images.shape
    assert model.classify(images).shape == (2, 2)
    with pytest.raises(InputError, match="Pixels without data"):
        family(replace(info, intensity=Intensity((0,), (9,), invalid="-1")))


def test_a_name_is_free_where_only_the_other_kind_has_it(tmp_path):
    write_plugin("folder", tmp_path / "family", "model")
    with pytest.raises(InputError, match="new data set must not .* 'folder', which"):
        write_plugin("folder", tmp_path / "data")
    with pytest.raises(InputError, match="'stargan', which star"):
        write_plugin("stargan", tmp_path / "other", "model")


def test_of_two_at_once_the_later_one_is_refused(tmp_path, monkeypatch):

    real = new_plugin._fill

    def slow(*arguments):
        real(*arguments)
        monkeypatch.setattr(new_plugin, "_fill", real)
        write_plugin("flowers", tmp_path / "flowers")
        (tmp_path / "flowers" / "mine.py").touch()

    monkeypatch.setattr(new_plugin, "_fill", slow)
    with pytest.raises(InputError, match="the plugin .*: it exists already and"):
        write_plugin("flowers", tmp_path / "flowers")
    assert (tmp_path / "flowers" / "mine.py").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["flowers"]
