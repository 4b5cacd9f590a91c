"""`stargan-tf new-plugin`: writes the folder of a new plugin, all of it or nothing."""

import keyword
import os
import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import Template

from stargan_tf.discovery import API_VERSION, DATASETS, MODELS, Group
from stargan_tf.errors import InputError
from stargan_tf.files import new_folder
from stargan_tf.version import __version__

# File in the plugin's folder → its template, for plugins of every kind.
SHARED_LAYOUT = {
    "pyproject.toml": "pyproject.toml",
    "LICENSE": "LICENSE",
    ".gitignore": "gitignore",
}


@dataclass(frozen=True)
class Kind:
    """What plugins of one kind consist of.

    Args:
        group: entry-point group, in which the plugin's name must be free.
        entry: variable of the package that the entry point names.
        flag: of `stargan-tf train`, which takes the plugin's name.
        description: the package's summary.
        layout: file in the plugin's folder → its template, besides `SHARED_LAYOUT`.
    """

    group: Group
    entry: str
    flag: str
    description: str
    layout: dict[str, str]


KINDS = {
    "dataset": Kind(
        group=DATASETS,
        entry="DATASET",
        flag="--dataset",
        description="Images in one sub-folder per domain; one-hot",
        layout={
            "README.md": "dataset_README.md",
            "$module/__init__.py": "dataset.py",
            "tests/test_$name.py": "dataset_test.py",
        },
    ),
    "model": Kind(
        group=MODELS,
        entry="FAMILY",
        flag="--family",
        description="A small StarGAN that is trained with the hinge loss",
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
    """Writes an installable package with one data set or one model family."""
    names = plugin_names(name, kind)
    group = KINDS[kind].group
    taken = group.installed().get(name)
    if taken:
        raise InputError(
            f"There is a {group.noun} '{name}' already, in {taken.packages[0]}. "
            "Choose another name."
        )
    place = Path(name if folder is None else folder)
    if place.exists() or place.is_symlink():
        raise InputError(f"{place} exists already. Choose another --output.")
    with new_folder(place, "plugin", replace=False) as unfinished:
        _fill(unfinished, {**SHARED_LAYOUT, **KINDS[kind].layout}, names)
    return place


def plugin_names(name: str, kind: str = "dataset") -> dict[str, str]:
    """What the templates call the parts of a new plugin, by their placeholders."""
    chosen = KINDS[kind]
    well_formed = re.fullmatch(r"[a-z][a-z0-9_]*[a-z0-9]", name)
    if not well_formed or keyword.iskeyword(name):
        near = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_0123456789")
        if len(near) < 2 or keyword.iskeyword(near):
            near = f"my_{kind}"
        raise InputError(
            f"The name of a {chosen.group.noun} must consist of lowercase letters, "
            "digits and underscores, begin with a letter, and not be a Python keyword. "
            f"Received: {name}. For example: {near}."
        )
    return {
        "name": name,
        "distribution": f"stargan-tf-{name.replace('_', '-')}",
        "module": f"stargan_tf_{name}",
        "class_name": "".join(part.capitalize() for part in name.split("_")),
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
