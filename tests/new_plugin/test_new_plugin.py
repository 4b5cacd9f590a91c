"""`stargan-tf new-plugin`: what it writes can be installed and passes its tests."""

import os
import subprocess
import sys

import pytest

from stargan_tf import new_plugin
from stargan_tf.cli.main import main
from stargan_tf.errors import InputError
from stargan_tf.new_plugin import plugin_names, write_plugin


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
        ("", "my_flowers"),
        ("../flowers", "flowers"),
        ("import", "my_flowers"),
        ("Blumen-öäü", "blumen"),
        ("x", "my_flowers"),
    ],
)
def test_a_name_of_another_form_is_answered_with_a_near_one(name, proposal):
    with pytest.raises(InputError, match=f"Received: .*For example: {proposal}[.]"):
        plugin_names(name)
    assert proposal == "my_flowers" or plugin_names(proposal)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "the following arguments are required: NAME"),
        (["a_b", "c_d"], "takes fewer arguments. Received: c_d"),
        (["my-flowers"], "For example: my_flowers."),
        (["folder"], "'folder' is there already, in stargan_tf "),
        (["taken"], "taken exists already. Choose another --output"),
        (["flowers", "--output", "taken"], "taken exists already"),
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

    layout = {**new_plugin.LAYOUT, "a" * 300: "README.md"}
    monkeypatch.setattr(new_plugin, "LAYOUT", layout)
    with pytest.raises(InputError, match=r"the plugin .*/flowers: File name too long"):
        write_plugin("flowers", tmp_path / "flowers")
    assert list(tmp_path.iterdir()) == []


def test_it_is_installed_listed_tested_and_clean(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["new-plugin", "my_flowers"]) == 0
    said = capsys.readouterr().out
    for command in ("pip install -e 'my_flowers[test]'", "pytest my_flowers", "doctor"):
        assert command in said
    folder, packages = tmp_path / "my_flowers", tmp_path / "packages"
    assert (folder / ".gitignore").exists() and "$" not in "".join(
        path.read_text() for path in folder.rglob("*") if path.is_file()
    )
    pip = ["-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
    pip += ["--no-build-isolation", "--disable-pip-version-check", "--target"]
    subprocess.run([sys.executable, *pip, packages, folder], check=True)
    environment = {**os.environ, "PYTHONPATH": str(packages)}

    def python(*arguments):
        command = [sys.executable, *map(str, arguments)]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, cwd=folder
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    # -p no:cacheprovider: the folder stays as it was written.
    assert "3 passed" in python("-m", "pytest", "-q", "-p", "no:cacheprovider", "tests")
    listed = python("-m", "stargan_tf.cli.main", "datasets")
    assert "per domain; one-hot (stargan-tf-my-flowers 0" in listed
    ruff = ["-m", "ruff", "check", "--isolated", "--select", "E,F,UP,B,SIM"]
    python(*ruff, folder)
    python("-m", "ruff", "format", "--isolated", "--check", folder)


def test_of_two_at_once_the_later_one_is_refused(tmp_path, monkeypatch):

    real = new_plugin._fill

    def slow(folder, names):
        real(folder, names)
        monkeypatch.setattr(new_plugin, "_fill", real)
        write_plugin("flowers", tmp_path / "flowers")
        (tmp_path / "flowers" / "mine.py").touch()

    monkeypatch.setattr(new_plugin, "_fill", slow)
    with pytest.raises(InputError, match="the plugin .*: it exists already, and"):
        write_plugin("flowers", tmp_path / "flowers")
    assert (tmp_path / "flowers" / "mine.py").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["flowers"]
