"""A folder that `stargan-tf export --format litert` wrote, as the demos see it.

Neither this module nor what it imports needs TensorFlow.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from stargan_tf.data.pictures import to_float, to_uint8
from stargan_tf.errors import InputError
from stargan_tf.files import read_json

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
        """The LiteRT files by role: `generator`, and `style` where there are styles."""
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

    def to_input(self, picture: np.ndarray) -> np.ndarray:
        """A picture as its networks take it.

        Args:
            picture: uint8 (image_size, image_size, 3), RGB.

        Returns:
            A batch of 1: float32 in [-1, 1], or uint8, as `input_type` says.
        """
        as_bytes = self.description["input_type"] == "uint8"
        return picture[None] if as_bytes else to_float(picture[None])

    def to_picture(self, images: np.ndarray) -> np.ndarray:
        """The inverse: one uint8 picture of what the generator returned.

        Args:
            images: a batch of 1.
        """
        return images[0] if images.dtype == np.uint8 else to_uint8(images[0])


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
        description = read_json(path)
        found = description["format"]
        complete = "generator" in description["files"]
    except (ValueError, LookupError, TypeError) as error:
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
