"""What is released: the source archive, the wheel, and the workflows that make them."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest
import yaml

from stargan_tf.cli.main import COMMANDS
from stargan_tf.version import __version__

ROOT = Path(__file__).parents[1]
NAME = f"stargan_tf-{__version__}"
BUILD = "import sys, setuptools.build_meta as b; b.build_{}(sys.argv[1])"
REPOSITORY_ONLY = "saved_models/ship.py"
NOT_SOURCES = (".*", "__pycache__", "*.egg-info", "build", "dist", "runs", "site")


@pytest.fixture(scope="module")
def archives(tmp_path_factory):
    """(source archive, wheel made of it), built from a copy of the checkout."""
    folder = tmp_path_factory.mktemp("release")
    copy, dist = folder / "copy", folder / "dist"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*NOT_SOURCES))
    build("sdist", copy, dist)
    source = dist / f"{NAME}.tar.gz"
    with tarfile.open(source) as archive:
        archive.extractall(folder, filter="data")
    build("wheel", folder / NAME, dist)
    (wheel,) = dist.glob("*.whl")
    return source, wheel


def build(kind, project, output):
    command = [sys.executable, "-c", BUILD.format(kind), str(output)]
    subprocess.run(command, cwd=project, check=True, capture_output=True)


def sources():
    """Files that a release consists of."""
    for folder in ("stargan_tf", "saved_models"):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path.relative_to(ROOT).as_posix()


def test_the_source_archive_holds_the_package_and_nothing_else(archives):
    with tarfile.open(archives[0]) as archive:
        found = {file.name for file in archive.getmembers() if file.isfile()}
    found = {name.removeprefix(f"{NAME}/") for name in found}
    found = {name for name in found if not name.startswith("stargan_tf.egg-info/")}
    others = "CHANGELOG.md LICENSE MANIFEST.in PKG-INFO README.md pyproject.toml"
    expected = {*sources(), *others.split(), "setup.py", "setup.cfg"}
    assert found == expected - {REPOSITORY_ONLY}


def test_the_wheel_holds_the_package_and_nothing_else(archives):
    with zipfile.ZipFile(archives[1]) as archive:
        found = set(archive.namelist())
        metadata = Parser().parsestr(
            archive.read(f"{NAME}.dist-info/METADATA").decode()
        )
    information = {name for name in found if name.startswith(f"{NAME}.dist-info/")}
    expected = {
        name.replace("saved_models/", "stargan_tf/saved_models/", 1)
        if name.startswith("saved_models/")
        else name
        for name in sources()
        if name != REPOSITORY_ONLY
    }
    assert found - information == expected
    assert f"{NAME}.dist-info/licenses/LICENSE" in information
    assert metadata["License-Expression"] == "Apache-2.0"
    assert len(metadata.get_all("Project-URL")) == 4


def test_the_models_of_a_wheel_are_found(archives, tmp_path):
    with zipfile.ZipFile(archives[1]) as archive:
        archive.extractall(tmp_path)
    code = "from stargan_tf import pretrained as p; print(p.__file__, *p.names())"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        check=True,
        capture_output=True,
        text=True,
    )
    module = str(tmp_path / "stargan_tf/pretrained.py")
    assert done.stdout.split() == [module, "toon_attributes", "toon_people"]


def test_a_run_that_has_to_be_complete_fails_for_a_skipped_test(tmp_path):
    test = "import pytest\ndef test(): pytest.skip('no moon')\n"
    (tmp_path / "test_moon.py").write_text(test)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "."]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    for value, status in (("0", 0), ("1", 1)):
        environment["STARGAN_TF_REQUIRE_ALL"] = value
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env=environment,
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == status and "\n   1  no moon\n" in done.stdout


@pytest.mark.parametrize("name", ["docs", "release", "tests"])
def test_the_commands_of_a_workflow_exist(name):
    text = (ROOT / f".github/workflows/{name}.yml").read_text()
    steps = [s for job in yaml.safe_load(text)["jobs"].values() for s in job["steps"]]
    commands = "\n".join(step["run"] for step in steps if "run" in step)
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.M)
    assert {*re.findall(r"\bmake ([a-z-]+)", commands)} <= {*targets}
    assert {*re.findall(r"\bstargan-tf ([a-z]\S*)", commands)} <= {*COMMANDS}
    paths = re.findall(r"\b(?:tests|plugins)/[\w/.-]+", commands)
    assert all((ROOT / path).exists() for path in paths)
    actions = [step["uses"] for step in steps if "uses" in step]
    assert all(re.search(r"@(v\d+|release/v\d+)$", action) for action in actions)
