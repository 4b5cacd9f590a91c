"""Writes the folder of a new plugin: all of it, or nothing."""

import keyword
import os
import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import Template

from stargan_tf.discovery import API_VERSION, DATASETS
from stargan_tf.errors import InputError
from stargan_tf.files import new_folder
from stargan_tf.version import __version__

# The names in a new plugin, all made from one.


@dataclass(frozen=True)
class Names:
    """What a new plugin calls its parts.

    Args:
        name: of the data set, as typed after `--dataset`: small letters, digits and
            underscores.

    Raises:
        InputError: if it has another form.
    """

    name: str

    def __post_init__(self) -> None:
        well_formed = re.fullmatch(r"[a-z][a-z0-9_]*[a-z0-9]", self.name)
        if not well_formed or keyword.iskeyword(self.name):
            raise InputError(
                "The name of a data set must be small letters, digits and underscores, "
                "begin with a letter, and be no word of Python. "
                f"Received: {self.name}. {_proposal(self.name)}"
            )

    @property
    def distribution(self) -> str:
        """What pip calls the package."""
        return f"stargan-tf-{self.name.replace('_', '-')}"

    @property
    def module(self) -> str:
        """What Python imports."""
        return f"stargan_tf_{self.name}"

    @property
    def class_name(self) -> str:
        """Of the definition."""
        return "".join(part.capitalize() for part in self.name.split("_"))


def _proposal(name: str) -> str:
    """A name of the right form that is near; nothing if there is none."""
    near = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_0123456789")
    if len(near) < 2 or keyword.iskeyword(near):
        return "For example: my_flowers."
    return f"For example: {near}."


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
