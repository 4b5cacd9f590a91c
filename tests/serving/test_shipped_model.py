"""Shipped models are exported once, folders are taken as they are."""

from pathlib import Path

from stargan_tf.serving import shipped_model
from stargan_tf.serving.shipped_model import served_folder


def test_exported_once(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("STARGAN_TF_CACHE", str(tmp_path))
    made = served_folder(Path("toon_attributes"))
    assert made.name == "toon_attributes"
    assert (made / "1/saved_model.pb").exists()
    assert "Exporting toon_attributes once" in capsys.readouterr().out
    monkeypatch.setattr(shipped_model, "_export", None)
    assert served_folder(Path("toon_attributes")) == made


def test_folders_and_unknown_names_are_left_alone(tmp_path):
    for folder in (tmp_path, Path("nothing_there")):
        assert served_folder(folder) == folder
