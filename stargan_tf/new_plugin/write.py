"""Writes the folder of a new plugin: all of it, or nothing."""

import os
import re
from importlib.resources import files
from pathlib import Path
from string import Template

from stargan_tf.discovery import API_VERSION, DATASETS
from stargan_tf.errors import InputError
from stargan_tf.files import new_folder
from stargan_tf.new_plugin.names import Names
from stargan_tf.version import __version__

# File in the plugin's folder → its template.
LAYOUT = {
    "pyproject.toml": "pyproject.toml",
    "README.md": "README.md",
    "LICENSE": "LICENSE",
    ".gitignore": "gitignore",
    "$module/__init__.py": "init.py",
    "tests/test_$name.py": "test.py",
}


def write_plugin(name: str, folder: str | os.PathLike | None = None) -> Path:
    """Writes an installable package with one data set.

    Args:
        name: of the data set, as typed after `--dataset`.
        folder: to make; by default one of that name where one stands.

    Returns:
        The folder.

    Raises:
        InputError: if the name has another form or is taken by an installed data set,
            or the folder is there already or cannot be made; nothing is left then.
    """
    names = Names(name)
    taken = DATASETS.installed().get(name)
    if taken:
        raise InputError(
            f"The data set '{name}' is there already, in {taken.packages[0]}. "
            "Choose another name."
        )
    place = Path(name if folder is None else folder)
    if place.exists() or place.is_symlink():
        raise InputError(f"{place} exists already. Choose another --output.")
    with new_folder(place, "plugin", replace=False) as unfinished:
        _write(names, unfinished)
    return place


def _write(names: Names, folder: Path) -> None:
    for path, template in LAYOUT.items():
        file = folder / _filled(path, names)
        file.parent.mkdir(exist_ok=True)
        file.write_text(_filled(_template(template), names), encoding="utf-8")


def _template(name: str) -> str:
    folder = files("stargan_tf.new_plugin") / "templates"
    return (folder / f"{name}.template").read_text(encoding="utf-8")


def _filled(text: str, names: Names) -> str:
    return Template(text).substitute(
        name=names.name,
        distribution=names.distribution,
        module=names.module,
        class_name=names.class_name,
        api_version=API_VERSION,
        stargan_tf=re.match(r"\d+(\.\d+)*", __version__)[0],
    )
