"""The small models that come with the package, by name.

Each has a folder in `saved_models/`: a preset (`model.keras`, `state.json`) for Keras,
`1/` for TF Serving, and `litert/` for phones and browsers. In a wheel, that folder is
`stargan_tf/saved_models`.
"""

import os
from pathlib import Path

from stargan_tf.errors import InputError, near_names

LITERT = "litert"
# Prefix of the names of models published by their authors.
OFFICIAL = "official/"
_STATE = "state.json"


def names() -> list[str]:
    """The names of the models in the package."""
    return sorted(path.name for path in _home().glob("*/") if _is_model(path))


def model_folder(name: str) -> Path:
    """A model's folder, as `stargan_tf.load_model` and `--model` take it."""
    folder = _home() / name
    if name in names():
        return folder
    raise InputError(
        f"There is no model '{name}' in this package. {near_names(name, names())}"
    )


def litert_folder(name: str) -> Path:
    """The folder with a model's LiteRT files."""
    return model_folder(name) / LITERT


def named_or(folder: Path) -> Path:
    """The folder or, if it contains no model, the folder of the model of that name."""
    if str(folder) in names() and not _has_model(folder):
        return _home() / str(folder)
    return folder


def is_official(model: str | os.PathLike) -> bool:
    """Whether it names a model published by its authors, not a file or folder."""
    return os.fspath(model).startswith(OFFICIAL) and not os.path.lexists(model)


def owner(path: Path) -> str | None:
    """The name of the model whose folder contains a path; None for other paths.

    Commands must not write there by default, since the folder belongs to the package.
    """
    path, home = path.resolve(), _home().resolve()
    return path.relative_to(home).parts[0] if home in path.parents else None


def _has_model(folder: Path) -> bool:
    """Whether a folder contains any model: of a run, exported, or served."""
    marks = ("checkpoints", _STATE, "config.json", "model.json")
    return any((folder / mark).exists() for mark in marks) or any(
        version.name.isdigit() for version in folder.glob("*/")
    )


def _is_model(folder: Path) -> bool:
    return (folder / _STATE).is_file()


def _home() -> Path:
    package = Path(__file__).parent
    inside = package / "saved_models"
    return inside if inside.is_dir() else package.parent / "saved_models"
