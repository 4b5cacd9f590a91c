"""`stargan-tf export --format litert`, in this process."""

import hashlib
import json
from dataclasses import replace

import pytest

from stargan_tf.cli.main import main
from stargan_tf.exporting import litert as limits
from stargan_tf.exporting import litert_file as runtime
from stargan_tf.exporting.agreement import Limit
from stargan_tf.exporting.litert_file import read_metadata
from stargan_tf.models.stargan import STARGAN


@pytest.fixture
def export(toon_run, tmp_path, monkeypatch):
    """export(*flags) → (exit status, output folder)."""
    # start_tensorflow is for processes of their own.
    monkeypatch.setattr("stargan_tf.cli.export.start_tensorflow", lambda: None)

    def run(*flags):
        output = tmp_path / "phone"
        model = ("--model", str(toon_run[0]), "--output", str(output))
        return main(["export", "--format", "litert", *model, *flags]), output

    return run


def test_what_is_written(export, capsys):
    status, output = export()
    assert status == 0
    files = sorted(file.name for file in output.iterdir())
    assert files == ["generator.tflite", "model.json"]
    said = json.loads((output / "model.json").read_text("utf-8"))
    content = (output / "generator.tflite").read_bytes()
    entry = said["files"]["generator"]
    assert entry["sha256"] == hashlib.sha256(content).hexdigest()
    assert entry["bytes"] == len(content)
    assert list(entry["signatures"]) == ["translate"]
    inside = read_metadata(content)
    assert inside == {name: said[name] for name in inside} and "domains" in inside
    assert said["agreement"]["translate"]["images"] == 20
    assert said["agreement"]["translate"]["max"] < 1e-4
    assert said["measured_on"] == "20 held-out images of 'toon_attributes'"
    out, err = capsys.readouterr()
    assert "against Keras on 20 held-out images" in out
    assert "Traceback" not in err


def test_int8_by_the_runs_own_images(export):
    status, output = export("--quantize=int8", "--calibration_images=4", "--nocheck")
    assert status == 0
    said = json.loads((output / "model.json").read_text("utf-8"))
    assert said["quantize"] == "int8" and said["agreement"] == {}


def test_what_differs_too_much_is_not_written(export, monkeypatch, capsys):
    monkeypatch.setitem(limits.LIMITS, "dynamic", Limit(psnr=1000.0))
    status, output = export("--quantize=dynamic")
    assert status == 1
    assert not list(output.parent.glob("*phone*"))
    error = capsys.readouterr().err.splitlines()[-1]
    assert "needs PSNR 1000 dB at least" in error and "--nocheck" in error
    assert export("--quantize=dynamic", "--nocheck")[0] == 0


def test_nothing_is_overwritten(export, capsys):
    output = export("--nocheck")[1]
    before = (output / "model.json").stat().st_mtime_ns
    assert export("--nocheck")[0] == 2
    assert "exists already" in capsys.readouterr().err
    assert (output / "model.json").stat().st_mtime_ns == before


def test_without_litert_the_extra_is_named(export, monkeypatch, capsys):
    def missing():
        raise ImportError(runtime._MISSING)

    monkeypatch.setattr(runtime, "_interpreter", missing)
    status, output = export()
    assert status == 2 and not output.exists()
    assert "stargan_tf[litert]" in capsys.readouterr().err


@pytest.mark.parametrize("form", ["litert", "saved_model"])
def test_a_family_says_whether_it_has_the_form(export, monkeypatch, capsys, form):
    without = replace(STARGAN, litert="", served="")
    monkeypatch.setattr("stargan_tf.models.registry.family", lambda name: without)
    status, output = export("--format", form)
    assert status == 2 and not output.exists()
    assert "stargan models" in capsys.readouterr().err


def test_int8_without_data_is_refused_at_once(export, capsys):
    nowhere = ("--dataset=folder", "--data_dir=nowhere")
    status, output = export("--quantize=int8", *nowhere)
    assert status == 2 and not output.exists()
    assert "nowhere" in capsys.readouterr().err


def test_flags_of_the_comparison_are_for_formats_that_are_compared(capsys):
    arguments = ["--model=x", "--output=y", "--format=torch", "--nocheck"]
    assert main(["export", *arguments]) == 2
    assert "--check is for formats that are compared" in capsys.readouterr().err
