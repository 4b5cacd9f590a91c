"""README and docs/: links lead somewhere, commands parse, the site builds."""

import os
import re
import shlex
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from pkgutil import resolve_name

import pytest

import stargan_tf
from stargan_tf import plugin
from stargan_tf.cli.command import CommandParser, underscored
from stargan_tf.cli.main import COMMANDS
from stargan_tf.convert.names import PRESETS
from stargan_tf.discovery import DATASETS
from stargan_tf.models.registry import installed_families, presets

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    str(path.relative_to(ROOT))
    for path in (ROOT / "README.md", *ROOT.glob("docs/**/*.md"))
)
CODE = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
# Flags in the text that belong to other programs and to the benchmarks.
OTHER_FLAGS = {"--model_config_file", "--requeue", "--seconds_v1", "--seconds_v2"}
# A variable of the shell, and the preset of the family that docs/plugins.md makes.
PLACEHOLDERS = {"_$x": "_a", "--preset hinge_toons": "--preset demo"}
# What stargan_tf.plugin imports for itself.
NOT_FOR_PLUGINS = {"Any", "import_module", "warnings"}


@cache
def text_of(page):
    return (ROOT / page).read_text("utf-8")


def commands(page):
    """The words of each `stargan-tf` command in the code blocks."""
    for language, block in CODE.findall(text_of(page)):
        for text, value in PLACEHOLDERS.items():
            block = block.replace(text, value)
        for line in block.replace("\\\n", " ").splitlines() if not language else ():
            if line.strip().startswith("stargan-tf "):
                yield shlex.split(line, comments=True)[1:]


def inline_code(page):
    for code in re.findall(r"`([^`]+)`", CODE.sub("", text_of(page))):
        yield " ".join(code.split())


def parser(name, arguments=()):
    return CommandParser(name, resolve_name(COMMANDS[name]), arguments)


@cache
def flags(name):
    return {flag for a in parser(name)._actions for flag in a.option_strings}


@pytest.mark.parametrize("page", PAGES)
def test_links_and_anchors_lead_somewhere(page):
    for link in re.findall(r"\]\(([^)\s]+)\)", CODE.sub("", text_of(page))):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (ROOT / page).parent / path if path else ROOT / page
        assert target.exists(), link
        if anchor:
            headings = re.findall(r"^#+ (.*)$", CODE.sub("", target.read_text()), re.M)
            assert anchor in map(_slug, headings), link


def _slug(heading):
    """A heading's anchor, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES)
def test_commands_parse(page):
    for name, *arguments in commands(page):
        if name in COMMANDS:
            parser(name, arguments).parse()
        else:
            assert name in ("--help", "--version"), name


@pytest.mark.parametrize("page", PAGES)
def test_flags_in_the_text_exist(page):
    anywhere = set().union(*map(flags, COMMANDS)) | OTHER_FLAGS
    for code in inline_code(page):
        # In tables the name of the program is left out.
        name = code.removeprefix("stargan-tf ").partition(" ")[0]
        if name not in COMMANDS and not name.startswith("--"):
            continue
        known = flags(name) if name in COMMANDS else anywhere
        for word in re.findall(r"(?<!\S)--[a-z][\w-]*", code):
            assert underscored(word) in known, code


def test_presets_and_data_sets_in_the_text_exist():
    plugins = [
        path.read_text("utf-8") for path in ROOT.glob("plugins/*/pyproject.toml")
    ]
    known = set(re.findall(r'^(\w+) = "stargan_tf_', "\n".join(plugins), re.M))
    known |= set(DATASETS.installed())
    recipes = {*presets(installed_families()), *PRESETS}
    for page in PAGES:
        text = text_of(page)
        made = set(re.findall(r"new-plugin (\w+)", text))
        for name in re.findall(r"--preset (\w+)", text):
            # An underscore at the end is one before a variable of the shell.
            begins = name[-1] == "_" and any(n.startswith(name) for n in recipes)
            assert name in recipes or begins or name.partition("_")[0] in made, name
        for names in re.findall(r"--dataset ([\w,]+)", text):
            assert set(names.split(",")) <= known | made | {"NAME"}, names


def test_the_api_reference_is_complete():
    texts = [text_of(page) for page in PAGES if page.startswith("docs/api/")]
    described = set(re.findall(r"^::: ([\w.]+)$", "\n".join(texts), re.M))
    names = {f"stargan_tf.{name}" for name in stargan_tf.__all__}
    assert names - described == {"stargan_tf.__version__"}
    public = {name for name in {*vars(plugin), *plugin._HOMES} if name[0] != "_"}
    constants = {name for name in public - NOT_FOR_PLUGINS if name.isupper()}
    assert constants <= set(inline_code("docs/api/plugin.md"))
    names = {f"stargan_tf.plugin.{n}" for n in public - NOT_FOR_PLUGINS - constants}
    assert names <= described


def test_the_readme_is_short():
    assert len(text_of("README.md").splitlines()) < 160


@pytest.mark.skipif(
    not (find_spec("mkdocs") and find_spec("mkdocstrings")),
    reason="needs stargan_tf[docs]",
)
def test_the_site_builds_without_warnings(tmp_path):
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"]
    done = subprocess.run(
        [*command, "--site-dir", tmp_path / "site"],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
    )
    assert not done.returncode, done.stdout + done.stderr
    models = (tmp_path / "site/api/models/index.html").read_text("utf-8")
    assert 'id="stargan_tf.StarGAN.compile"' in models
