"""Translation by names and files: what is sent, and what comes back."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from stargan_tf.data.info import composed
from stargan_tf.data.pictures import read_picture
from stargan_tf.errors import InputError
from stargan_tf.files import open_regular

Picture = str | Path | np.ndarray


def encoded_request(
    pictures: Sequence[Picture],
    to: str,
    by_style: bool,
    references: Sequence[Picture] = (),
    seeds: Sequence[int] | int = 0,
    truncation: float = 1.0,
) -> tuple[str, dict[str, Any]]:
    """Signature and inputs of a translation on the server, decoding included.

    Args:
        pictures: paths of picture files, or uint8 arrays (h, w, 3).
        to: the target, as after `--to` on the command line.
        by_style: whether the model is a StarGAN v2.
        references: v2: one for each picture, or one for all.
        seeds: v2, without references: one for each picture, or one for all.
        truncation: v2, with seeds: in [0, 1].

    Returns:
        The signature's name, {input: array}.

    Raises:
        InputError: if numbers of things do not match, or a file cannot be read.
    """
    if not len(pictures):
        raise InputError("Give at least one picture. Received none.")
    count = len(pictures)
    inputs = {
        "encoded": _files(pictures),
        "names": np.full(count, composed(to), object),
    }
    if not by_style:
        if len(references):
            raise InputError("References are for StarGAN v2 models. Leave them out.")
        return "translate_encoded", inputs
    if len(references):
        inputs["references"] = _each(_files(references), count, "references")
        return "translate_reference_encoded", inputs
    inputs["seeds"] = _each(np.atleast_1d(seeds).astype(np.int64), count, "seeds")
    inputs["truncation"] = np.full(count, truncation, np.float32)
    return "translate_seed_encoded", inputs


def decoded(outputs: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    """The pictures that came back.

    Args:
        outputs: of an encoded form.

    Returns:
        uint8 arrays (size, size, 3).
    """
    files = outputs["encoded_bytes"]
    return [np.asarray(read_picture(io.BytesIO(file), "an answer")) for file in files]


def _each(values: np.ndarray, count: int, name: str) -> np.ndarray:
    if len(values) not in (1, count):
        raise InputError(
            f"Give one of {name} per picture, or one for all. Received: {len(values)} "
            f"for {count}"
        )
    return np.broadcast_to(values, (count,))


def _files(pictures: Sequence[Picture]) -> np.ndarray:
    files = np.empty(len(pictures), object)
    files[:] = [_file(picture) for picture in pictures]
    return files


def _file(picture: Picture) -> bytes:
    if isinstance(picture, np.ndarray):
        return _png(picture)
    try:
        with open_regular(picture) as file:
            return file.read()
    except OSError as error:
        raise InputError(f"{picture} cannot be read: {error.strerror}.") from error


def _png(picture: np.ndarray) -> bytes:
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3:
        raise InputError(
            "A picture is a path, or a uint8 array (height, width, 3). Received: "
            f"{picture.dtype} {picture.shape}"
        )
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return file.getvalue()
