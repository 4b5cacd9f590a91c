from pathlib import Path

import pytest

from stargan_tf.cli.export import _model_folder
from stargan_tf.cli.main import main

SAVED = Path(__file__).parents[1] / "saved"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "arguments are required: demo"),
        (["wep"], "invalid choice: 'wep' (choose from 'web')"),
        (["web", "--model=nowhere"], "There is no model nowhere"),
        (["web", "--to=x", "--model=nowhere"], "has no flag --to."),
        (["web", "--port=none"], "argument --port: must be a whole number"),
        # A flag's value is no demo.
        (["--output", "web", "web", "--port=0", "--model=nowhere"], "nowhere"),
    ],
)
def test_bad_usage_is_one_line(arguments, message, capsys):
    assert main(["demo", *arguments]) == 2
    printed = capsys.readouterr()
    assert message in printed.err and printed.err.count("\n") == 1


def test_any_model_is_exported_once(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("STARGAN_TF_CACHE", str(tmp_path))
    folder = _model_folder(str(SAVED / "script.keras"))
    assert (folder / "generator.tflite").is_file()
    assert folder.is_relative_to(tmp_path) and "Exporting" in capsys.readouterr().out
    assert _model_folder(str(SAVED / "script.keras")) == folder
    assert not capsys.readouterr().out
    assert _model_folder(str(folder)) == folder
