"""The scripts in examples/ at small size, and their notebooks."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
CELL = 134  # width and height that an image takes in a grid


@pytest.fixture(scope="module")
def notebooks():
    """The module examples/notebooks.py."""
    path = EXAMPLES / "notebooks.py"
    spec = importlib.util.spec_from_file_location("notebooks", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_notebooks_are_those_of_the_scripts(notebooks):
    scripts = notebooks.scripts()
    assert [path.stem for path in scripts] == sorted(SMALL)
    for path in scripts:
        written = path.with_suffix(".ipynb").read_text("utf-8")
        assert written == notebooks.notebook(path), "run python examples/notebooks.py"
    assert len(list(EXAMPLES.glob("*.ipynb"))) == len(scripts)


# Of each script: what is made smaller, and the columns and rows of the grids it writes.
SMALL = {
    "translate_faces": (
        {"FACES = 6": "FACES = 2"},
        {"attributes": (8, 2), "strengths": (7, 2), "answers": (3, 2)},
    ),
    "train_on_your_images": (
        {"FACES = 1000": "FACES = 40", "STEPS = 1200": "STEPS = 4"},
        {"train": (3, 3), "hair": (4, 6)},
    ),
    "styles": (
        {
            "SOURCES = 4": "SOURCES = 1",
            "REFERENCES = 6": "REFERENCES = 2",
            "FRAMES = 60": "FRAMES = 2",
        },
        {
            "latents": (10, 1),
            "references": (3, 2),
            "mixed": (9, 1),
            "interpolation": (8, 1),
        },
    ),
    "detect_lesions": (
        {
            "PRETRAINING_STEPS = 9000": "PRETRAINING_STEPS = 1",
            "\nSTEPS = 10_500": "\nSTEPS = 2",
            "COUNT = 150": "COUNT = 4",
        },
        {"scans": (2, 4), "found": (4, 7)},
    ),
    "serve_and_convert": ({"FACES = 4": "FACES = 2"}, {"compared": (3, 2)}),
}


@pytest.mark.parametrize("name", SMALL)
def test_a_script_runs(tmp_path, name):
    smaller, grids = SMALL[name]
    code = (EXAMPLES / f"{name}.py").read_text("utf-8")
    for large, small in smaller.items():
        assert code.count(large) == 1
        code = code.replace(large, small)
    script = tmp_path / f"{name}.py"
    script.write_text(code, "utf-8")
    variables = {
        "PYTHONPATH": str(ROOT),
        "STARGAN_TF_CACHE": str(tmp_path / "cache"),
        "STARGAN_TF_CACHE_LIMIT_MB": "0",  # Draws only the images it needs.
    }
    done = subprocess.run(
        [sys.executable, script],
        cwd=tmp_path,
        env=os.environ | variables,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    folder = tmp_path / "runs" / name
    for grid, size in grids.items():
        with Image.open(folder / f"{grid}.png") as image:
            assert (image.width // CELL, image.height // CELL) == size, grid
