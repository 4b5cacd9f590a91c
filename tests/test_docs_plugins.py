"""docs/plugins.md: its commands, run as they stand but for size and length."""

import os
import re
import shlex
import shutil
import subprocess
import sysconfig
import venv
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
PACKAGE = ("pyproject.toml", "setup.py", "README.md", "LICENSE", "stargan_tf")
PACKAGE += ("saved_models",)
# Everything that pip would download is there already, see `environment`.
PIP = "-m pip install --quiet --no-index --no-deps --no-build-isolation"


def commands(heading):
    """The commands of a section, joined where a line goes on."""
    section = TEXT.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    blocks = re.findall(r"```\n(.*?)```", section, re.DOTALL)
    return "".join(blocks).replace("\\\n", " ").strip().splitlines()


@pytest.fixture
def environment(tmp_path):
    """A new virtual environment; of the packages, it has those we depend on."""
    folder = tmp_path / "environment"
    venv.create(folder, with_pip=False, symlinks=True)
    where = {"base": str(folder), "platbase": str(folder)}
    # A path in a .pth file brings the packages there, but not what is editable.
    dependencies = Path(sysconfig.get_path("purelib", vars=where)) / "dependencies.pth"
    dependencies.write_text(sysconfig.get_path("purelib"))
    return Path(sysconfig.get_path("scripts", vars=where))


@pytest.fixture
def shell(tmp_path, environment):
    """Runs a command of the page in a folder with photographs."""
    for folder, names in (("photos", KINDS), ("pictures", ("day", "night"))):
        for number, name in enumerate(names * 4):
            noise = np.random.default_rng(number)
            pixels = noise.integers(0, 256, (40, 48, 3), np.uint8)
            file = tmp_path / folder / name / f"{number // len(names) + 1}.jpg"
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(file)
    cache = {"STARGAN_TF_CACHE": str(tmp_path / "cache")}
    variables = {**os.environ, **cache}
    variables.pop("PYTHONPATH", None)

    def run(command, status=(0,)):
        program, *rest = shlex.split(command)
        if program == "pip":
            program, rest = "python", [*PIP.split(), *rest[1:]]
        elif program == "pytest":  # its script is not in the new environment
            program, rest = "python", ["-m", program, *rest]
        done = subprocess.run(
            [environment / program, *rest],
            cwd=tmp_path,
            env=variables,
            capture_output=True,
            text=True,
        )
        assert done.returncode in status, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout

    _copy_package(tmp_path / "source")
    run("pip install ./source")
    return run


def _copy_package(folder):
    """What `pip install` builds from: it would write beside the files."""
    folder.mkdir()
    no_cache = shutil.ignore_patterns("__pycache__")
    for source in (ROOT / name for name in PACKAGE):
        if source.is_dir():
            shutil.copytree(source, folder / source.name, ignore=no_cache)
        else:
            shutil.copy(source, folder)


def test_from_nothing_to_trained_models(shell, tmp_path):
    install, new, editable, tests, listing = commands(
        "Make, install and test the package"
    )
    assert install == "pip install stargan_tf pytest"  # from the sources, in `shell`
    where = shell('python -c "import stargan_tf; print(stargan_tf.__file__)"')
    assert where.startswith(str(tmp_path / "environment"))
    shell(new)
    shell(editable)
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
    shell("pip install -e flowers")
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
