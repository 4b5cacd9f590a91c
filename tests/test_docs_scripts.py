"""The Python scripts of README and docs/ run as written, except for their sizes."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SMALL = "base_filters=4, discriminator_layers=2"


@pytest.mark.parametrize(
    ("page", "shorter", "written"),
    [
        (
            "README.md",
            {
                "base_filters=16, discriminator_layers=5": SMALL,
                "training_batches(train)": "training_batches(train, batch_size=2)",
                "steps_per_epoch=200, epochs=10": "steps_per_epoch=1, epochs=1",
            },
            ["faces.keras"],
        ),
        (
            "docs/python.md",
            {
                "base_filters=16, discriminator_layers=4": SMALL,
                "steps_per_epoch=100, epochs=2": "steps_per_epoch=1, epochs=1",
            },
            ["blond.png", "faces.keras"],
        ),
        (
            "docs/stargan_v2.md",
            {
                "steps_per_epoch=100, epochs=10": "steps_per_epoch=1, epochs=1",
                "base_filters=16, max_filters=64": "base_filters=2, max_filters=4",
                "seeds=(0, 1))\n": "seeds=(0, 1), frames=2)\n",
                # A graph of one step takes longer than the rest.
                "diversity_steps=1000": "diversity_steps=1000, run_eagerly=True",
            },
            ["styles.npz", "latents.png", "by.png", "strip.png", "styles.gif"],
        ),
    ],
)
def test_the_first_script_of_a_page_runs(tmp_path, monkeypatch, page, shorter, written):
    text = (ROOT / page).read_text("utf-8")
    script = re.search(r"```python\n(.*?)```", text, re.DOTALL)[1]
    for long, short in shorter.items():
        assert long in script
        script = script.replace(long, short)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STARGAN_TF_CACHE_LIMIT_MB", "0")  # draws only what it needs
    exec(compile(script, page, "exec"), {})
    assert all((tmp_path / name).exists() for name in written)
