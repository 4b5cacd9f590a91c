"""Pictures with random access and their labels as `LabelledImages`."""

import hashlib
import io
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from stargan_tf.data.dataset_options import DatasetOptions
from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.labelled_images import LabelledImages, Originals
from stargan_tf.data.pictures import as_square, read_picture
from stargan_tf.data.typical_side import side_of_file, typical_side
from stargan_tf.errors import InputError
from stargan_tf.files import open_regular

# Part of the fingerprint: raise it when decoding gives other pixels than before.
DECODING = 1

Picture = str | os.PathLike | bytes | np.ndarray


def picture_set(
    info: DatasetInfo,
    root: Path,
    names: Sequence[str],
    labels: np.ndarray,
    options: DatasetOptions,
) -> LabelledImages:
    """Puts files and labels together.

    Args:
        info: the meaning of the labels, and the image size.
        root: folder of the files.
        names: paths relative to `root`.
        labels: float32 array (n, number of domains).
        options: uses `crop_size`, `fit`.
    """
    digest = hashlib.sha256(repr(square_settings(info.image_size, options)).encode())
    for name in names:
        digest.update(_file_state(root, name))
    originals = Originals(
        size=lambda index: _size(root / names[index]),
        read=lambda index: _content(root / names[index]),
    )
    return numbered_pictures(
        info=info,
        names=names,
        labels=labels,
        read=lambda index: root / names[index],
        options=options,
        fingerprint=digest.hexdigest(),
        originals=originals,
    )


def numbered_pictures(
    info: DatasetInfo,
    names: Sequence[str],
    labels: np.ndarray,
    read: Callable[[int], Picture],
    options: DatasetOptions,
    fingerprint: str,
    originals: Originals | None,
    version: str | None = None,
) -> LabelledImages:
    """Images that are decoded, cropped and resized when they are loaded."""

    def load(index: int, size: int = info.image_size) -> np.ndarray:
        # Lanczos for larger images, not bilinear: that resize comes before the one
        # that the official code does, and must leave the detail which that one keeps.
        plain = size == info.image_size
        resample = Image.Resampling.BILINEAR if plain else Image.Resampling.LANCZOS
        image = decoded(read(index), names[index])
        return as_square(image, size, options.crop_size, options.fit, resample)

    def side_of(index: int) -> int:
        picture = read(index)
        if isinstance(picture, np.ndarray):
            return min(picture.shape[:2])
        is_content = isinstance(picture, bytes)
        return side_of_file(io.BytesIO(picture) if is_content else picture)

    return LabelledImages(
        info=info,
        labels=labels,
        names=tuple(names),
        load=load,
        fingerprint=fingerprint,
        native_side=lambda: typical_side(len(names), side_of, options.crop_size),
        originals=originals,
        version=version,
    )


def square_settings(image_size: int, options: DatasetOptions) -> tuple:
    """What the pixels follow from, beside the pictures."""
    return (DECODING, image_size, options.crop_size, options.fit, "BILINEAR")


def decoded(picture: Picture, name: str) -> Image.Image:
    """Any of the forms that a plugin may give, as an RGB picture.

    Args:
        picture: a path, the bytes of a file, or a uint8 array.
        name: for messages.

    Raises:
        UnreadableImage: if the file cannot be decoded.
        InputError: if the array is no picture.
    """
    if isinstance(picture, bytes):
        return read_picture(io.BytesIO(picture), name)
    if isinstance(picture, str | os.PathLike):
        return read_picture(picture)
    pixels = np.asarray(picture)
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[..., 0]
    if pixels.dtype != np.uint8 or pixels.ndim not in (2, 3) or 0 in pixels.shape:
        raise InputError(
            "A picture must be a path, bytes, or a uint8 array (h, w, 3). Received "
            f"for {name}: {type(picture).__name__}, {pixels.dtype} {pixels.shape}"
        )
    return Image.fromarray(pixels).convert("RGB")


def _size(path: Path) -> int:
    """A file's bytes; of one that cannot be read, 0."""
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _content(path: Path) -> bytes:
    """A file's content; of one that cannot be read, nothing."""
    try:
        with open_regular(path) as file:
            return file.read()
    except OSError:
        return b""


def _file_state(root: Path, name: str) -> bytes:
    """Changes with a file's name, size, or time."""
    try:
        state = os.stat(f"{root}/{name}")
        line = f"{name}\0{state.st_size}\0{state.st_mtime_ns}\n"
    except OSError as error:  # Unreadable as a picture, too, and skipped as that.
        line = f"{name}\0{error.errno}\n"
    return line.encode("utf-8", "surrogateescape")
