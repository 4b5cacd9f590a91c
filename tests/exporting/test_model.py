"""`model.export`: what `stargan-tf export` writes, from a Keras script."""

from types import SimpleNamespace

import pytest
import tensorflow as tf

from stargan_tf.errors import InputError
from stargan_tf.exporting import check_format
from tests.exporting.tiny import label_model


@pytest.fixture(scope="module")
def model():
    return label_model()


def test_a_saved_model(model, tmp_path, capsys):
    with pytest.warns(UserWarning, match="Compared on random images"):
        version = model.export(tmp_path / "faces", format="tf_saved_model")
    assert version == tmp_path / "faces" / "1"
    assert capsys.readouterr().out.endswith(f"Wrote {version}\n")
    assert "translate" in tf.saved_model.load(str(version)).signatures


def test_litert_files(model, tmp_path, capsys):
    folder = tmp_path / "phone"
    options = {"quantize": "float16", "check": False}
    assert model.export(str(folder), "litert", verbose=False, **options) == folder
    assert (folder / "generator.tflite").is_file()
    assert not capsys.readouterr().out


def test_what_cannot_be_exported(model, tmp_path):
    with pytest.raises(InputError, match="format 'onnx'.*saved_model, litert, torch"):
        model.export(tmp_path / "x", format="onnx")
    with pytest.raises(InputError, match="signatures are fixed.*Leave it out"):
        model.export(tmp_path / "x", input_signature=[tf.TensorSpec((None,))])

    class Other(type(model)):
        pass

    other = Other.from_config(model.get_config())
    with pytest.raises(InputError, match="an installed family .*: Other of tests"):
        other.export(tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_a_family_without_a_format(monkeypatch):
    strange = SimpleNamespace(served="", litert="", official="")
    monkeypatch.setattr("stargan_tf.exporting.family", lambda name: strange)
    with pytest.raises(InputError, match="strange models cannot be exported as torch"):
        check_format("torch", "strange")
