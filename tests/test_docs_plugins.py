"""docs/plugins.md: its commands, run as they stand but for size and length."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs/plugins.md").read_text("utf-8")
KINDS = ("daisy", "rose", "sunflower", "tulip", "violet")
SMALL = "--steps=1 --batch_size=2 --base_filters=4"
SMALL_V1 = f"{SMALL} --image_size=32 --num_residual_blocks=1 --discriminator_filters=4"
SMALL_V1 += " --discriminator_layers=2"
SMALL_V2 = f"{SMALL} --image_size=64 --max_filters=4 --style_dim=4 --hidden_dim=4"
PIP = (
    "-m pip install --quiet --no-index --no-deps --no-build-isolation --target packages"
)


def commands(heading):
    """The commands of a section, joined where a line goes on."""
    section = TEXT.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    blocks = re.findall(r"```\n(.*?)```", section, re.DOTALL)
    return "".join(blocks).replace("\\\n", " ").strip().splitlines()


@pytest.fixture
def shell(tmp_path):
    """Runs a command of the page in a folder with photographs."""
    for folder, names in (("photos", KINDS), ("pictures", ("day", "night"))):
        for number, name in enumerate(names * 4):
            noise = np.random.default_rng(number)
            pixels = noise.integers(0, 256, (40, 48, 3), np.uint8)
            file = tmp_path / folder / name / f"{number // len(names) + 1}.jpg"
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(file)
    environment = {
        **os.environ,
        "PYTHONPATH": str(tmp_path / "packages"),
        "STARGAN_TF_CACHE": str(tmp_path / "cache"),
    }

    def run(command, status=(0,)):
        program, *rest = shlex.split(command)
        module = {"stargan-tf": "stargan_tf.cli.main"}.get(program, program)
        words = [sys.executable, "-m", module, *rest]
        if module == "python":
            words = [sys.executable, *rest]
        done = subprocess.run(
            words, cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        assert done.returncode in status, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout

    return run


def test_from_nothing_to_trained_models(shell, tmp_path):
    install, new, editable, tests, listing = commands(
        "Make, install and test the package"
    )
    assert install == "pip install stargan_tf pytest"  # as it is, where this runs
    shell(new)
    assert editable == "pip install -e flowers"
    shell(f"python {PIP} ./flowers")  # beside the environment, which others use
    assert "3 passed" in shell(tests)
    assert "\nflowers " in shell(listing)

    doctor, describe = commands("Look at the data before training")
    assert "violet" in shell(doctor, (0, 1))  # too few pictures to train on
    shell(describe)
    assert (tmp_path / "sheet.png").exists()

    train, translate = commands("Train StarGAN and translate")
    shell(f"{train} {SMALL_V1}")
    shell(translate)
    train, by_seed, by_reference = commands("Train StarGAN v2 and translate")
    shell(f"{train} {SMALL_V2}")
    shell(by_seed)
    shell(by_reference)
    for name in ("rose.png", "rose_7.png", "rose_like_1.png"):
        with Image.open(tmp_path / name) as picture:
            assert picture.size in {(32, 32), (64, 64)}


def test_several_data_sets(shell, tmp_path):
    both, two_folders, weighted = commands("Several data sets at once")
    shell("stargan-tf new-plugin flowers")
    shell(f"python {PIP} ./flowers")
    shell(f"{weighted} {SMALL_V1} --steps=3")
    again = f"stargan-tf train --run runs/weighted {SMALL_V1} --steps=4"
    assert "Going on from step 3" in shell(again)
    for command in (both, two_folders):  # one differs in its weights alone
        assert set(re.findall(r"--(\w+)", command)) == {"dataset", "data_dir", "run"}
    shell(f"{two_folders} {SMALL_V1}")
    shell(
        "stargan-tf translate --model runs/two_folders --to folder_2.night "
        "photos/rose/1.jpg --output night.png"
    )
    assert (tmp_path / "night.png").exists()
