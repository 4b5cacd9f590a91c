"""A folder that `stargan-tf export --format litert` wrote, as the demos see it.

Neither this module nor what it imports needs TensorFlow.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stargan_tf.errors import InputError

DESCRIPTION = "model.json"
FORMAT = "stargan_tf.litert/1"
HOW = "Make one: stargan-tf export --model runs/demo --format litert --output phone/"


@dataclass(frozen=True)
class DeviceModel:
    """An exported model.

    Args:
        folder: where it lies.
        description: what its `model.json` says; docs/on_device.md lists the keys.
    """

    folder: Path
    description: dict[str, Any]

    @property
    def files(self) -> dict[str, Path]:
        """The LiteRT files by role: `generator`, and `style` for StarGAN v2."""
        entries = self.description["files"].items()
        return {role: self.folder / entry["path"] for role, entry in entries}

    @property
    def image_size(self) -> int:
        """Side of its pictures in pixels."""
        return self.description["image_size"]

    @property
    def has_styles(self) -> bool:
        """Whether it is told by a style code, not by a label."""
        return "style" in self.description["files"]


def read_device_model(folder: Path) -> DeviceModel:
    """Reads and checks an export.

    Args:
        folder: holds `model.json` and the LiteRT files.

    Returns:
        The model.

    Raises:
        InputError: if it is no export, a file is not the one that was written, or the
            generator needs masks, which the demos cannot make.
    """
    path = folder / DESCRIPTION
    if not path.is_file():
        raise InputError(
            f"--model must be a folder of LiteRT files with a {DESCRIPTION}. "
            f"Received: {folder}. {HOW}"
        )
    model = DeviceModel(folder, _described(path))
    if model.description.get("high_pass"):
        raise InputError(
            f"{folder} is a model with high-pass skips, which needs a mask of each "
            "face. The demos cannot make masks: use a model without these skips."
        )
    for role, file in model.files.items():
        _check_file(file, model.description["files"][role])
    return model


def _described(path: Path) -> dict[str, Any]:
    try:
        description = json.loads(path.read_text(encoding="utf-8"))
        found = description["format"]
        complete = all(key in description for key in ("image_size", "domains"))
        complete = complete and "generator" in description["files"]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} does not describe LiteRT files. {HOW}") from error
    if found != FORMAT or not complete:
        raise InputError(
            f"{path} must describe a model in the format {FORMAT}. Received: {found!r}."
            " Export the model again with this version of stargan_tf."
        )
    return description


def _check_file(path: Path, entry: dict[str, Any]) -> None:
    if not path.is_file():
        raise InputError(f"{path} is missing, which {DESCRIPTION} names. {HOW}")
    if hashlib.sha256(path.read_bytes()).hexdigest() != entry["sha256"]:
        raise InputError(
            f"{path} is not the file that {DESCRIPTION} describes: its SHA-256 differs."
            " Copy the folder again, or export the model again."
        )
