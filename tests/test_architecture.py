"""The rules of docs/architecture.md, checked on the source."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import stargan_tf

ROOT = Path(stargan_tf.__file__).parent


def imports(path):
    """Names of the modules that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module


def backend_neutral():
    networks = ("generator_*", "discriminator_*", "mapping_*", "style_*")
    yield from ROOT.glob("layers/*.py")
    yield from ROOT.glob("losses/*.py")
    yield from (file for name in networks for file in ROOT.glob(f"models/{name}.py"))
    yield ROOT / "schedules.py"
    yield ROOT / "optimizers.py"


@pytest.mark.parametrize("path", list(backend_neutral()), ids=lambda path: path.stem)
def test_layers_losses_and_networks_run_on_any_keras_backend(path):
    assert not [name for name in imports(path) if name.startswith("tensorflow")]


def test_the_two_versions_do_not_know_each_other():
    stems = {path.stem for path in ROOT.glob("models/*.py")}
    first = {"stargan", *(stem for stem in stems if stem.endswith("_v1"))}
    second = {stem for stem in stems if stem.endswith("_v2")}
    second |= {"mapping_network", "style_encoder"}
    assert len(first) > 5 and len(second) > 8
    for one, other in ((first, second), (second, first)):
        for path in ROOT.glob("models/*.py"):
            if path.stem in one:
                names = {name.rpartition(".")[2] for name in imports(path)}
                assert not names & other, path
    base = {name.rpartition(".")[2] for name in imports(ROOT / "models/base.py")}
    assert not base & (first | second)


@pytest.mark.parametrize(
    ("lower", "upper"),
    [
        ("layers", ("models", "data", "training", "cli", "translation")),
        ("losses", ("layers", "models", "data", "training", "cli", "translation")),
        ("data", ("models", "training", "cli", "translation", "doctor")),
        ("doctor", ("models", "training", "cli")),
        ("models", ("training", "cli", "translation")),
        ("training", ("cli", "convert")),
        ("evaluation", ("models", "training", "cli", "doctor")),
        ("convert", ("cli",)),
        ("translation", ("cli.main", "cli.train")),
    ],
)
def test_nothing_imports_upwards(lower, upper):
    forbidden = tuple(f"stargan_tf.{name}" for name in upper)
    for path in ROOT.glob(f"{lower}/**/*.py"):
        wrong = [name for name in imports(path) if name.startswith(forbidden)]
        assert not wrong, f"{path} imports {wrong}"


def test_public_names_exist():
    for name in stargan_tf.__all__:
        assert getattr(stargan_tf, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'StarGun'"):
        _ = stargan_tf.StarGun


def test_the_package_and_its_data_open_without_tensorflow():
    code = (
        "import sys, stargan_tf\n"
        "stargan_tf.load_dataset('toon_attributes', image_size=32).load(0)\n"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
