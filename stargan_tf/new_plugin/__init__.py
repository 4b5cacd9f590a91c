"""`stargan-tf new-plugin`: writes the folder of a new plugin from templates."""

import keyword
import os
import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import Template

from stargan_tf.discovery import API_VERSION, DATASETS, MODELS, Group
from stargan_tf.errors import InputError
from stargan_tf.files import new_folder, user_path
from stargan_tf.version import __version__

# File in the plugin's folder → template, for all types of plugins.
SHARED_LAYOUT = {
    "pyproject.toml": "pyproject.toml",
    "LICENSE": "LICENSE",
    ".gitignore": "gitignore",
}


@dataclass(frozen=True)
class PluginType:
    """A type of plugin.

    Args:
        group: entry-point group, in which the plugin's name must be unused.
        entry: variable of the package that the entry point names.
        flag: flag of `stargan-tf train` that takes the plugin's name.
        description: summary of the package.
        layout: file in the plugin's folder → template, in addition to `SHARED_LAYOUT`.
    """

    group: Group
    entry: str
    flag: str
    description: str
    layout: dict[str, str]


KINDS = {
    "dataset": PluginType(
        group=DATASETS,
        entry="DATASET",
        flag="--dataset",
        description="Images in one subfolder per domain; one-hot",
        layout={
            "README.md": "dataset_README.md",
            "$module/__init__.py": "dataset.py",
            "tests/test_$name.py": "dataset_test.py",
        },
    ),
    "model": PluginType(
        group=MODELS,
        entry="FAMILY",
        flag="--family",
        description="A small StarGAN trained with the hinge loss",
        layout={
            "README.md": "model_README.md",
            "$module/__init__.py": "model_family.py",
            "$module/networks.py": "model_networks.py",
            "$module/model.py": "model.py",
            "tests/test_$name.py": "model_test.py",
        },
    ),
}


def write_plugin(
    name: str, folder: str | os.PathLike | None = None, kind: str = "dataset"
) -> Path:
    """Writes an installable package with a data set or a model family, atomically.

    Args:
        name: name of the data set or family.
        folder: folder to create. Defaults to `name`.
        kind: a key of `KINDS`.

    Returns:
        Path of the folder.

    Raises:
        InputError: if the name is invalid or taken, or the folder exists.
    """
    names = plugin_names(name, kind)
    group = KINDS[kind].group
    taken = group.installed().get(name)
    if taken:
        raise InputError(
            f"The name of a new {group.noun} must not be in use. Received: '{name}', "
            f"which {taken.packages[0]} provides. Choose another name."
        )
    place = user_path(name if folder is None else folder)
    if place.exists() or place.is_symlink():
        raise InputError(f"{place} already exists. Choose another --output.")
    with new_folder(place, "plugin", replace=False) as unfinished:
        _fill(unfinished, {**SHARED_LAYOUT, **KINDS[kind].layout}, names)
    return place


def plugin_names(name: str, kind: str = "dataset") -> dict[str, str]:
    """Returns the values of the templates' placeholders.

    Args:
        name: name of the data set or family.
        kind: a key of `KINDS`.

    Raises:
        InputError: if the name is invalid.
    """
    chosen = KINDS[kind]
    well_formed = re.fullmatch(r"[a-z][a-z0-9_]*[a-z0-9]", name)
    if not well_formed or keyword.iskeyword(name):
        near = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_0123456789")
        if len(near) < 2 or keyword.iskeyword(near):
            near = f"my_{kind}"
        raise InputError(
            f"The name of a {chosen.group.noun} must consist of lowercase letters, "
            "digits, and underscores, begin with a letter, and not be a Python "
            f"keyword. Received: {name}. Choose another name, such as {near}."
        )
    return {
        "name": name,
        "distribution": f"stargan-tf-{name.replace('_', '-')}",
        "module": f"stargan_tf_{name}",
        "class_name": "".join(word.capitalize() for word in name.split("_")),
        "group": chosen.group.name,
        "entry": chosen.entry,
        "flag": chosen.flag,
        "description": chosen.description,
        "api_version": str(API_VERSION),
        "stargan_tf": re.match(r"\d+(\.\d+)*", __version__)[0],
    }


def _fill(folder: Path, layout: dict[str, str], names: dict[str, str]) -> None:
    templates = files(__name__) / "templates"
    for path, template in layout.items():
        text = (templates / f"{template}.template").read_text(encoding="utf-8")
        file = folder / Template(path).substitute(names)
        file.parent.mkdir(exist_ok=True)
        file.write_text(Template(text).substitute(names), encoding="utf-8")
