"""The models that come with the package open and do what they should."""

import json

import numpy as np
import pytest

import stargan_tf
from stargan_tf import pretrained
from stargan_tf.errors import InputError


def test_they_are_small():
    home = pretrained.model_folder("toon_people").parent
    files = [path for path in home.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 30e6


def test_every_model_has_all_forms():
    assert pretrained.names() == ["toon_attributes", "toon_people"]
    for name in pretrained.names():
        folder = pretrained.model_folder(name)
        assert (folder / "1/saved_model.pb").exists()
        assert (folder / "README.md").read_text().startswith(f"# {name}\n")
        description = json.loads(
            (pretrained.litert_folder(name) / "model.json").read_text()
        )
        assert description["datasets"][0]["name"] == name


def test_unknown_names():
    with pytest.raises(InputError, match="no model 'toon_atributes'.*toon_attributes"):
        pretrained.model_folder("toon_atributes")


def test_a_folder_is_stronger_than_a_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = pretrained.Path("toon_people")
    assert pretrained.named_or(name) == pretrained.model_folder("toon_people")
    for mark in ("checkpoints", "config.json", "1"):
        (name / mark).mkdir(parents=True)
        assert pretrained.named_or(name) == name
        (name / mark).rmdir()


def test_a_folder_without_a_model_does_not_hide_a_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "toon_people").mkdir()
    (tmp_path / "toon_people" / "results.json").touch()
    (tmp_path / "toon_attributes").touch()
    for name in pretrained.names():
        found = pretrained.named_or(pretrained.Path(name))
        assert found == pretrained.model_folder(name)


def test_whose_a_path_is(tmp_path):
    folder = pretrained.model_folder("toon_people")
    assert pretrained.owner(folder) == "toon_people"
    assert pretrained.owner(folder / "checkpoints" / "new") == "toon_people"
    assert pretrained.owner(folder.parent) is None
    assert pretrained.owner(tmp_path) is None


def test_hair_is_dyed_as_it_was_in_truth(monkeypatch):
    monkeypatch.setenv("STARGAN_TF_CACHE_LIMIT_MB", "0")
    faces = stargan_tf.load_dataset("toon_attributes", "held_out", 128)
    images = np.stack([faces.load(i) for i in range(4)])
    model = stargan_tf.load_model("toon_attributes")
    black = faces.labels[:4].copy()
    black[:, :3] = [1, 0, 0]
    blond = faces.labels[:4].copy()
    blond[:, :3] = [0, 1, 0]
    dark, light = model.translate(images, black), model.translate(images, blond)
    assert light.mean() > dark.mean() + 10
    for drawn in (dark, light):
        unchanged = np.abs(drawn.astype(int) - images) < 8
        assert unchanged.mean() > 0.5
