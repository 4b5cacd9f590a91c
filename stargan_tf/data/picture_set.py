"""Picture files and their labels as `LabelledImages`."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from stargan_tf.data.fit import CROP
from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.labelled_images import LabelledImages, Originals
from stargan_tf.data.pictures import square_pixels
from stargan_tf.data.typical_side import typical_side
from stargan_tf.files import open_regular

# Part of the fingerprint: raise it when decoding gives other pixels than before.
DECODING = 1
# An enlarged image is at most this many times as wide. Twice is enough: half of that
# size's detail is lost when it is reduced again, as it is from an original.
ENLARGED = 2


def picture_set(
    info: DatasetInfo,
    root: Path,
    names: Sequence[str],
    labels: np.ndarray,
    crop_size: int | None,
    fit: str = CROP,
) -> LabelledImages:
    """Puts files and labels together.

    Args:
        info: the meaning of the labels, and the image size.
        root: folder of the files.
        names: paths relative to `root`.
        labels: float32 array (n, number of domains).
        crop_size: side of the centre crop; None means what `fit` says.
        fit: `"crop"`, the largest centred square, or `"stretch"`, the whole picture.

    Returns:
        The images, decoded when they are loaded.

    Raises:
        InputError: if there is no image.
    """
    names, square = tuple(names), (crop_size, fit)
    plain = _opened(info, root, names, labels, square, Image.Resampling.BILINEAR)

    def enlarge() -> LabelledImages:
        side = typical_side([root / name for name in names], crop_size)
        size = min(ENLARGED * info.image_size, side // 4 * 4)
        if size <= info.image_size:
            return plain
        # Lanczos, not bilinear: this resize comes before the one that the official
        # code does, and must leave the detail which that one keeps.
        grown = replace(info, image_size=size)
        return _opened(grown, root, names, labels, square, Image.Resampling.LANCZOS)

    return replace(plain, enlarge=enlarge)


def _opened(
    info: DatasetInfo,
    root: Path,
    names: tuple[str, ...],
    labels: np.ndarray,
    square: tuple[int | None, str],
    resample: Image.Resampling,
) -> LabelledImages:
    def load(index: int) -> np.ndarray:
        path = root / names[index]
        return square_pixels(path, info.image_size, *square, resample)

    settings = (DECODING, info.image_size, *square, resample.name)
    return LabelledImages(
        info=info,
        labels=labels,
        names=names,
        load=load,
        fingerprint=_fingerprint(root, names, settings),
        originals=Originals(
            size=lambda index: _size(root / names[index]),
            read=lambda index: _content(root / names[index]),
        ),
    )


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


def _fingerprint(root: Path, names: Sequence[str], settings: tuple) -> str:
    """Changes with any file's name, size or time, and with the settings."""
    digest = hashlib.sha256(repr(settings).encode())
    for name in names:
        try:
            state = os.stat(f"{root}/{name}")
            line = f"{name}\0{state.st_size}\0{state.st_mtime_ns}\n"
        except OSError as error:  # Unreadable as a picture, too, and skipped as that.
            line = f"{name}\0{error.errno}\n"
        digest.update(line.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()
