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
    blocks = re.findall(r"```(\w*)\n(.*?)```", section, re.DOTALL)
    text = "".join(block for language, block in blocks if not language)
    return text.replace("\\\n", " ").strip().splitlines()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the commands of the page run: a folder with photographs."""
    folder = tmp_path_factory.mktemp("plugins")
    for name, kinds in (("photos", KINDS), ("pictures", ("day", "night"))):
        for number, kind in enumerate(kinds * 4):
            noise = np.random.default_rng(number)
            pixels = noise.integers(0, 256, (40, 48, 3), np.uint8)
            file = folder / name / kind / f"{number // len(kinds) + 1}.jpg"
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(file)
    return folder


@pytest.fixture(scope="module")
def shell(folder):
    """Runs a command of the page with a new virtual environment.

    Of the packages, the environment has those that stargan_tf depends on; stargan_tf
    is installed from the sources.
    """
    environment = folder / "environment"
    venv.create(environment, with_pip=False, symlinks=True)
    where = {"base": str(environment), "platbase": str(environment)}
    # A path in a .pth file brings the packages there, but not what is editable.
    dependencies = Path(sysconfig.get_path("purelib", vars=where)) / "dependencies.pth"
    dependencies.write_text(sysconfig.get_path("purelib"))
    scripts = Path(sysconfig.get_path("scripts", vars=where))
    variables = {**os.environ, "STARGAN_TF_CACHE": str(folder / "cache")}
    variables.pop("PYTHONPATH", None)

    def run(command, status=(0,)):
        program, *rest = shlex.split(command)
        if program == "pip":
            program, rest = "python", [*PIP.split(), *rest[1:]]
        elif program == "pytest":  # its script is not in the new environment
            program, rest = "python", ["-m", program, *rest]
        done = subprocess.run(
            [scripts / program, *_matches(rest, folder)],
            cwd=folder,
            env=variables,
            capture_output=True,
            text=True,
        )
        assert done.returncode in status, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout

    _copy_package(folder / "source")
    run("pip install ./source")
    return run


def _matches(arguments, folder):
    """The arguments, those with a * replaced by the files, as a shell does."""
    for argument in arguments:
        yield from sorted(folder.glob(argument)) if "*" in argument else [argument]


@pytest.fixture(scope="module")
def flowers(shell):
    """What the tests of the data set print, once it is installed."""
    install, new, editable, tests, _ = commands("Make, install, and test a data set")
    assert install == "pip install stargan_tf pytest"  # from the sources, in `shell`
    shell(new)
    shell(editable)
    return shell(tests)


def _copy_package(folder):
    """What `pip install` builds from: it would write beside the files."""
    folder.mkdir()
    no_cache = shutil.ignore_patterns("__pycache__")
    for source in (ROOT / name for name in PACKAGE):
        if source.is_dir():
            shutil.copytree(source, folder / source.name, ignore=no_cache)
        else:
            shutil.copy(source, folder)


def test_a_data_set_from_nothing_to_trained_models(shell, folder, flowers):
    where = shell('python -c "import stargan_tf; print(stargan_tf.__file__)"')
    assert where.startswith(str(folder / "environment"))
    assert "3 passed" in flowers
    listing = commands("Make, install, and test a data set")[-1]
    assert "\nflowers " in shell(listing)

    doctor, describe = commands("Look at the data before training")
    assert "violet" in shell(doctor, (0, 1))  # too few images to train on
    shell(describe)
    assert (folder / "sheet.png").exists()

    train, translate = commands("Train StarGAN and translate")
    shell(f"{train} {SMALL_V1}")
    shell(translate)
    train, by_seed, by_reference = commands("Train StarGAN v2 and translate")
    shell(f"{train} {SMALL_V2}")
    shell(by_seed)
    shell(by_reference)
    for name in ("rose.png", "rose_7.png", "rose_like_1.png"):
        with Image.open(folder / name) as image:
            assert image.size in {(32, 32), (64, 64)}


def test_several_data_sets(shell, folder, flowers):
    both, two_folders, weighted = commands("Several data sets at once")
    shell(f"{weighted} {SMALL_V1} --steps=3")
    for command in (both, two_folders):  # one differs in its weights alone
        assert set(re.findall(r"--(\w+)", command)) == {"dataset", "data_dir", "run"}
    shell(f"{two_folders} {SMALL_V1}")
    shell(
        "stargan-tf translate --model runs/two_folders --to folder_2.night "
        "photos/rose/1.jpg --output night.png"
    )
    assert (folder / "night.png").exists()


def test_a_model_family_from_nothing_to_translations(shell, folder):
    new, editable, tests = commands("Make, install, and test a model family")
    shell(new)
    shell(editable)
    assert "4 passed" in shell(tests)
    train, save, translate = commands("Train the family and translate")
    shell(f"{train} --image_size=32 --filters=4 --num_blocks=1 --steps=2")
    shell(save)
    shell(translate)
    with Image.open(folder / "grid.png") as grid:
        assert grid.width > 6 * 32  # the input and five domains
