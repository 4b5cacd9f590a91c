"""What the README shows works as written."""

import re
from pathlib import Path

import pytest

from stargan_tf.cli.main import main
from stargan_tf.data.registry import available
from stargan_tf.training.presets import PRESETS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def test_the_keras_script_runs(tmp_path, monkeypatch):
    (script,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    shorter = {"steps_per_epoch=100, epochs=2": "steps_per_epoch=1, epochs=1"}
    for long, short in shorter.items():
        assert long in script
        script = script.replace(long, short)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STARGAN_TF_CACHE_LIMIT_MB", "0")  # draws only what it needs
    exec(compile(script, "README.md", "exec"), {})
    assert (tmp_path / "blond.png").exists() and (tmp_path / "faces.keras").exists()


def test_presets_and_data_sets_that_it_names_exist():
    assert set(re.findall(r"--preset (\w+)", README)) <= set(PRESETS)
    known = set(available()) | set(re.findall(r"new-plugin (\w+)", README))
    for names in re.findall(r"--dataset ([\w,]+)", README):
        assert set(names.split(",")) <= known


@pytest.mark.parametrize("command", ["train", "translate"])
def test_flags_that_it_names_exist(command, capsys):
    main([command, "--help"])
    known = set(re.findall(r"--(\w+)", capsys.readouterr().out))
    text = re.sub(r"\\\n\s*", "", README)
    for line in re.findall(rf"stargan-tf {command} (.*)", text):
        assert set(re.findall(r"--(\w+)", line)) <= known, line


def test_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        if "://" not in target:
            assert (ROOT / target).exists(), target
