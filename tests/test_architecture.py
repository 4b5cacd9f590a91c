"""The rules of docs/architecture.md, checked on the source."""

import ast
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import stargan_tf

ROOT = Path(stargan_tf.__file__).parent
ENGINES = (
    "cli",
    "convert",
    "data",
    "demo",
    "detection",
    "distribution",
    "doctor",
    "evaluation",
    "exporting",
    "faces",
    "serving",
    "steering",
    "training",
    "translation",
)
PAPERS = {
    "stargan": ("networks", "objective"),
    "stargan_v2": ("layers", "networks", "objective"),
}
OF_A_PAPER = re.compile(
    r"StarGANV?2?$|StarGAN v?\d|stargan_v2|stargan_tf\.models\.stargan"
    r"|(?<![A-Za-z])v[12](?![\w.])|[a-z]_v[12]\b|[a-z]V[12]\b"
)
MAY_IMPORT = {
    "networks": ("data.info", "errors", "layers", "models.{paper}"),
    "objective": ("data.info", "layers", "models.{paper}"),
    "model": ("data", "distribution", "errors", "layers", "models", "optimizers"),
    "watch": ("data", "models.{paper}", "steering", "training", "translation"),
    "serving": ("data", "errors", "exporting", "models.{paper}"),
    "litert": ("data", "exporting", "models.{paper}"),
    "official": ("convert", "data.info", "errors", "models.{paper}"),
}
# The protocol that the authors of StarGAN v2 measure by is called after it.
NAME_A_PROTOCOL = ("evaluation/options.py", "evaluation/weights.py")


def source(path):
    return ast.parse(path.read_text("utf-8"))


def modules():
    """Name → path of every module of the package."""
    return {
        ".".join(path.relative_to(ROOT.parent).with_suffix("").parts).removesuffix(
            ".__init__"
        ): path
        for path in ROOT.rglob("*.py")
    }


MODULES = modules()


def imports(tree):
    """Names of the package's modules that a file imports, anywhere in it.

    What only type checkers see is left out: it cannot close a circle.
    """
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in MODULES else node.module
        else:
            yield from imports(node)


def code_words(tree):
    """Identifiers and strings of a file, without its docstrings."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if id(node) not in docstrings:
                yield node.value
        elif isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, (*documented[1:], ast.alias)):
            yield node.name


def backend_neutral():
    yield from ROOT.glob("layers/*.py")
    for paper, files in PAPERS.items():
        for name in files:
            yield ROOT / f"models/{paper}/{name}.py"
    for name in ("masks", "network"):
        yield ROOT / f"faces/{name}.py"
    yield ROOT / "optimizers.py"


ON_ANY_BACKEND = list(backend_neutral())
USE_THE_NETWORKS = """
from types import SimpleNamespace
from keras.ops import all, isfinite, ones
from stargan_tf import DiscriminatorV1, DiscriminatorV2, GeneratorV1, GeneratorV2
from stargan_tf import MappingNetwork, StyleEncoder
from stargan_tf.faces.network import LandmarkNetwork
from stargan_tf.models.stargan import STARGAN, objective
from stargan_tf.models.stargan_v2 import objective as objective_v2
def slope(function, x):
    return function(x), x
image, label, domain = ones((1, 64, 64, 3)), ones((1, 2)), ones(1, "int32")
generator, critic = GeneratorV1(2, 2, 1), DiscriminatorV1(64, 2, 2, 4)
fake, columns = generator([image, label]), ((slice(0, 2), "binary"),)
alpha = ones((1, 1, 1, 1))
table = objective.critic_table(STARGAN.weights())
terms = objective.critic_terms(
    critic, slope, image, label, fake, alpha, columns, table
)
assert all(isfinite(list(terms.values()))) and len(terms) == 4
terms = objective.generator_terms(
    generator, critic, image, label, label, fake, columns, objective.GENERATOR_TERMS
)
assert all(isfinite(list(terms.values()))) and len(terms) == 5
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
    objective_v2.generator_table(),
)
assert all(isfinite(list(terms.values()))) and len(terms) == 4
assert float(objective_v2.diversity_weight(2.0, 25, 100)) == 1.5
landmarks = LandmarkNetwork()
assert landmarks.find(image).shape == (1, 98, 2)
assert landmarks.masks(image).shape == (1, 64, 64, 2)
"""


# The last, optimizers.py, imports TensorFlow's kernel where Keras computes with it.
@pytest.mark.parametrize("path", ON_ANY_BACKEND[:-1], ids=lambda path: path.stem)
def test_layers_losses_and_networks_run_on_any_keras_backend(path):
    assert not [name for name in imports(source(path)) if name.startswith("tensorflow")]


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


@pytest.mark.parametrize("engine", ENGINES)
def test_engines_know_no_paper(engine):
    paths = list(ROOT.glob(f"{engine}/**/*.py"))
    assert paths
    for path in paths:
        tree = source(path)
        wrong = [
            name
            for name in imports(tree)
            if name.split(".")[:2] == ["stargan_tf", "models"]
            and name.split(".")[2:3] in ([paper] for paper in PAPERS)
        ]
        assert not wrong, f"{path} imports {wrong}"
        if path.relative_to(ROOT).as_posix() in NAME_A_PROTOCOL:
            continue
        words = [word for word in code_words(tree) if OF_A_PAPER.search(word)]
        assert not words, f"{path} says {words}"


def test_every_folder_is_known():
    folders = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    others = {"layers", "models", "new_plugin", "testing", "toon_faces"}
    assert folders == {*ENGINES, *others}


@pytest.mark.parametrize(
    ("paper", "part"),
    [
        (paper, part)
        for paper in PAPERS
        for part in MAY_IMPORT
        if (ROOT / "models" / paper / f"{part}.py").exists()
    ],
)
def test_a_paper_imports_what_its_part_needs(paper, part):
    allowed = tuple(
        f"stargan_tf.{name.format(paper=paper)}" for name in MAY_IMPORT[part]
    )
    others = tuple(f"stargan_tf.models.{other}." for other in PAPERS if other != paper)
    for name in imports(source(ROOT / "models" / paper / f"{part}.py")):
        if name.startswith("stargan_tf"):
            assert f"{name}.".startswith(tuple(f"{one}." for one in allowed)), name
            assert not f"{name}.".startswith(others), name


def test_no_module_imports_itself_by_a_detour():
    graph = {
        name: {found for found in imports(source(path)) if found in MODULES}
        for name, path in MODULES.items()
    }
    done = set()

    def visit(name, trail):
        assert name not in trail, " → ".join((*trail[trail.index(name) :], name))
        if name not in done:
            for other in graph[name] - {name}:
                visit(other, (*trail, name))
            done.add(name)

    for name in graph:
        visit(name, ())


def test_few_modules_have_a_single_reader():
    """A file that one other file imports is mostly a part of that file.

    A name in a string, as in a table of commands, is an import too.
    """
    readers = {name: set() for name in MODULES}
    for name, path in MODULES.items():
        text = path.read_text("utf-8")
        for found in imports(source(path)):
            if found in readers:
                readers[found].add(name)
        for other in MODULES:
            if re.search(rf"[\"']{re.escape(other)}[:\"']", text):
                readers[other].add(name)
    outside = [
        name
        for name, path in MODULES.items()
        if path.name != "__init__.py"
        and not re.match(r"stargan_tf\.models\.stargan(_v2)?\.", name)
    ]
    entry_points = (ROOT.parent / "pyproject.toml").read_text("utf-8")
    for name in outside:
        if f'"{name}:' in entry_points:
            readers[name].add("pyproject.toml")
    single = [name for name in outside if len(readers[name] - {name}) == 1]
    assert len(single) <= 0.15 * len(outside), single


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
        wrong = [name for name in imports(source(path)) if name.startswith(forbidden)]
        assert not wrong, f"{path} imports {wrong}"


def test_public_names_exist():
    for name in stargan_tf.__all__:
        assert getattr(stargan_tf, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'StarGun'"):
        _ = stargan_tf.StarGun


@pytest.mark.skipif(
    sys.platform == "darwin", reason="TensorFlow for macOS is built without oneDNN"
)
@pytest.mark.parametrize(
    ("first", "variable", "shown", "enabled"),
    [
        ("stargan_tf", None, "1", True),
        ("stargan_tf", "0", "0", False),
        ("tensorflow", "0", "0", False),
        ("tensorflow", None, None, None),  # the processor decides
    ],
)
def test_the_package_turns_onednn_on_before_tensorflow(first, variable, shown, enabled):
    code = (
        f"import os, {first}, stargan_tf, tensorflow\n"
        "from stargan_tf.private_interfaces import onednn_is_on\n"
        "print(os.environ.get('TF_ENABLE_ONEDNN_OPTS'), onednn_is_on())\n"
    )
    environment = {n: v for n, v in os.environ.items() if n != "TF_ENABLE_ONEDNN_OPTS"}
    environment |= {"TF_ENABLE_ONEDNN_OPTS": variable} if variable else {}
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        env=environment,
        capture_output=True,
        text=True,
    )
    value, on = done.stdout.split()
    assert value == str(shown)
    assert enabled is None or on == str(enabled)


def test_the_package_and_its_data_open_without_tensorflow():
    code = (
        "import sys, stargan_tf\n"
        "stargan_tf.load_dataset('toon_attributes', image_size=32).load(0)\n"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
