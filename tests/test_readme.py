"""What the README and docs/papers.md show works as written."""

import re
from pathlib import Path

import pytest

from stargan_tf.cli.main import main
from stargan_tf.convert.names import PRESETS
from stargan_tf.data.registry import available
from stargan_tf.models.registry import installed_families, presets

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
PAGES = {
    name: (ROOT / name).read_text("utf-8") for name in ("README.md", "docs/papers.md")
}


@pytest.mark.parametrize(
    ("model", "shorter", "written"),
    [
        (
            "StarGAN(",
            {"steps_per_epoch=100, epochs=2": "steps_per_epoch=1, epochs=1"},
            ["blond.png", "faces.keras"],
        ),
        (
            "StarGANV2(",
            {
                "steps_per_epoch=100, epochs=10": "steps_per_epoch=1, epochs=1",
                "base_filters=16, max_filters=64": "base_filters=2, max_filters=4",
                "seeds=(0, 1))\n": "seeds=(0, 1), frames=2)\n",
            },
            ["styles.npz", "latents.png", "by.png", "strip.png", "film.gif"],
        ),
    ],
)
def test_the_python_scripts_run(tmp_path, monkeypatch, model, shorter, written):
    scripts = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    (script,) = (script for script in scripts if f"stargan_tf.{model}" in script)
    for long, short in shorter.items():
        assert long in script
        script = script.replace(long, short)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STARGAN_TF_CACHE_LIMIT_MB", "0")  # draws only what it needs
    exec(compile(script, "README.md", "exec"), {})
    assert all((tmp_path / name).exists() for name in written)


@pytest.mark.parametrize("page", PAGES)
def test_presets_and_data_sets_that_it_names_exist(page):
    text = PAGES[page]
    plugins = [p.read_text("utf-8") for p in ROOT.glob("plugins/*/pyproject.toml")]
    of_plugins = set(re.findall(r'^(\w+) = "stargan_tf_', "\n".join(plugins), re.M))
    known = {*presets(installed_families()), *PRESETS}
    for name in set(re.findall(r"--preset (\w+)", text)):
        # An underscore at the end is one before a variable of the shell.
        assert name in known or any(
            n.startswith(name) for n in known if name[-1] == "_"
        )
    known = set(available()) | of_plugins | set(re.findall(r"new-plugin (\w+)", text))
    for names in re.findall(r"--dataset ([\w,]+)", text):
        assert set(names.split(",")) <= known


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    "command",
    [
        "train",
        "translate",
        "evaluate",
        "compare",
        "questionnaire",
        "datasets",
        "import",
        "export",
    ],
)
def test_flags_that_it_names_exist(command, page, capsys):
    main([command, "--help"])
    if command == "train":  # Its help shows one family's flags.
        for name in installed_families():
            main([command, "--family", name, "--help"])
    known = set(re.findall(r"--(\w+)", capsys.readouterr().out))
    text = re.sub(r"\\\n\s*", "", PAGES[page])
    # In a table the program's name is left out.
    for line in re.findall(rf"(?:stargan-tf |`){command} ([^`\n]*)", text):
        assert set(re.findall(r"--(\w+)", line)) <= known, line


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", PAGES[page]):
        if "://" not in target:
            assert ((ROOT / page).parent / target).exists(), target
