"""The small models that come with the package, by name.

They lie in `saved_models/`, a folder each: a preset (`model.keras`, `state.json`) for
Keras, `1/` for TF Serving, `litert/` for phones and browsers. In a wheel that folder is
`stargan_tf/saved_models`.
"""

import os
from pathlib import Path

from stargan_tf.errors import InputError, near_names

LITERT = "litert"
# The beginning of the names of models that their authors publish.
OFFICIAL = "official/"
_STATE = "state.json"


def names() -> list[str]:
    """Names of the models that are here."""
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
    """The folder with a model's LiteRT files, as the demos take it."""
    return model_folder(name) / LITERT


def named_or(folder: Path) -> Path:
    """The folder itself or, if it holds no model, the model of that name."""
    if str(folder) in names() and not _holds_model(folder):
        return _home() / str(folder)
    return folder


def is_official(model: str | os.PathLike) -> bool:
    """Whether it names a model that its authors publish, and no file or folder."""
    return os.fspath(model).startswith(OFFICIAL) and not os.path.lexists(model)


def owner(path: Path) -> str | None:
    """The name of the model whose folder a path lies in, None if it is elsewhere.

    What commands write by themselves must not go there: it is a part of the package.
    """
    path, home = path.resolve(), _home().resolve()
    return path.relative_to(home).parts[0] if home in path.parents else None


def _holds_model(folder: Path) -> bool:
    """Whether it is of some use as a model: of a run, exported, or served."""
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
