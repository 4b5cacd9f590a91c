"""`stargan-tf new-plugin`: writes the folder of a new plugin, all of it or nothing."""

import keyword
import os
import re
from importlib.resources import files
from pathlib import Path
from string import Template

from stargan_tf.discovery import API_VERSION, DATASETS
from stargan_tf.errors import InputError
from stargan_tf.files import new_folder
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
    """Writes an installable package with one data set."""
    names = plugin_names(name)
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
        _fill(unfinished, names)
    return place


def plugin_names(name: str) -> dict[str, str]:
    """What a new plugin calls its parts, by the words of the templates."""
    well_formed = re.fullmatch(r"[a-z][a-z0-9_]*[a-z0-9]", name)
    if not well_formed or keyword.iskeyword(name):
        near = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_0123456789")
        if len(near) < 2 or keyword.iskeyword(near):
            near = "my_flowers"
        raise InputError(
            "The name of a data set must be small letters, digits and underscores, "
            "begin with a letter, and be no word of Python. "
            f"Received: {name}. For example: {near}."
        )
    return {
        "name": name,
        "distribution": f"stargan-tf-{name.replace('_', '-')}",
        "module": f"stargan_tf_{name}",
        "class_name": "".join(part.capitalize() for part in name.split("_")),
        "api_version": str(API_VERSION),
        "stargan_tf": re.match(r"\d+(\.\d+)*", __version__)[0],
    }


def _fill(folder: Path, names: dict[str, str]) -> None:
    templates = files(__name__) / "templates"
    for path, template in LAYOUT.items():
        text = (templates / f"{template}.template").read_text(encoding="utf-8")
        file = folder / Template(path).substitute(names)
        file.parent.mkdir(exist_ok=True)
        file.write_text(Template(text).substitute(names), encoding="utf-8")
