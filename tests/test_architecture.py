"""The rules of docs/architecture.md, checked on the source."""

import ast
import os
import subprocess
import sys
from importlib.util import find_spec
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


PAPERS = {
    "stargan": ("networks", "objective"),
    "stargan_v2": ("layers", "networks", "objective"),
}


def backend_neutral():
    yield from ROOT.glob("layers/*.py")
    for paper, files in PAPERS.items():
        for name in files:
            yield ROOT / f"models/{paper}/{name}.py"
    yield ROOT / "optimizers.py"


ON_ANY_BACKEND = list(backend_neutral())
USE_THE_NETWORKS = """
from types import SimpleNamespace
from keras.ops import all, isfinite, ones
from stargan_tf import DiscriminatorV1, DiscriminatorV2, GeneratorV1, GeneratorV2
from stargan_tf import MappingNetwork, StyleEncoder
from stargan_tf.models.stargan import objective
from stargan_tf.models.stargan_v2 import objective as objective_v2
def slope(function, x):
    return function(x), x
image, label, domain = ones((1, 64, 64, 3)), ones((1, 2)), ones(1, "int32")
generator, critic = GeneratorV1(2, 2, 1), DiscriminatorV1(64, 2, 2, 4)
fake, columns = generator([image, label]), ((slice(0, 2), "binary"),)
terms = objective.critic_terms(critic, slope, image, label, fake, 0.5, columns)
assert all(isfinite(list(terms.values()))) and len(terms) == 4
terms = objective.generator_terms(
    generator, critic, image, label, label, fake, columns, rectified=True
)
assert all(isfinite(list(terms.values()))) and len(terms) == 4
sizes = {"base_filters": 2, "max_filters": 4}
style = MappingNetwork(2, hidden_dim=4)([ones((1, 16)), domain])
for high_pass, inputs in ((0.0, []), (1.0, [ones((1, 64, 64, 2))])):
    generator = GeneratorV2(64, high_pass=high_pass, **sizes)
    fake = generator([image, style, *inputs])
    assert fake.shape == image.shape
encoder, discriminator = StyleEncoder(64, 2, **sizes), DiscriminatorV2(64, 2, **sizes)
def judge(image, domain):
    return discriminator([image, domain])
batch = SimpleNamespace(image=image, masks=inputs[0], domain=domain, target=domain)
terms = objective_v2.discriminator_terms(judge, slope, batch, fake)
assert all(isfinite(list(terms.values()))) and len(terms) == 3
terms = objective_v2.generator_terms(
    lambda image, style, masks: generator([image, style, masks]),
    judge,
    lambda image, domain: encoder([image, domain]),
    lambda image: inputs[0],
    batch,
    style,
    fake,
)
assert all(isfinite(list(terms.values()))) and len(terms) == 4
assert float(objective_v2.diversity_weight(2.0, 25, 100)) == 1.5
"""


# The last, optimizers.py, imports TensorFlow's kernel where Keras computes with it.
@pytest.mark.parametrize("path", ON_ANY_BACKEND[:-1], ids=lambda path: path.stem)
def test_layers_losses_and_networks_run_on_any_keras_backend(path):
    assert not [name for name in imports(path) if name.startswith("tensorflow")]


@pytest.mark.skipif(not find_spec("torch"), reason="PyTorch is not installed")
def test_networks_and_losses_compute_without_tensorflow():
    """On the PyTorch backend, forwards."""
    names = [
        ".".join(p.relative_to(ROOT).with_suffix("").parts) for p in ON_ANY_BACKEND
    ]
    code = (
        "import importlib, sys\n"
        "sys.modules['tensorflow'] = None\n"
        f"for name in {names}:\n"
        "    importlib.import_module(f'stargan_tf.{name}')\n"
        f"{USE_THE_NETWORKS}"
    )
    environment = {**os.environ, "KERAS_BACKEND": "torch"}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)


def test_the_two_papers_do_not_know_each_other():
    for one, other in (("stargan", "stargan_v2"), ("stargan_v2", "stargan")):
        paths = list(ROOT.glob(f"models/{one}/*.py"))
        assert len(paths) > 5
        for path in paths:
            for name in imports(path):
                assert name.split(".")[:3] != ["stargan_tf", "models", other], path


@pytest.mark.parametrize(
    ("lower", "upper"),
    [
        ("layers", ("models", "data", "training", "cli", "translation")),
        ("data", ("models", "training", "cli", "translation", "doctor")),
        ("doctor", ("models", "training", "cli")),
        ("models", ("cli",)),
        ("training", ("cli", "convert")),
        ("evaluation", ("cli", "doctor")),
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
