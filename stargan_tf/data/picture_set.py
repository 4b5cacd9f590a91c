"""Picture files and their labels as `LabelledImages`."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.labelled_images import LabelledImages
from stargan_tf.data.pictures import square_pixels
from stargan_tf.errors import InputError

# Part of the fingerprint: raise it when decoding gives other pixels than before.
DECODING = 1


def picture_set(
    info: DatasetInfo,
    root: Path,
    names: Sequence[str],
    labels: np.ndarray,
    crop_size: int | None,
) -> LabelledImages:
    """Puts files and labels together.

    Args:
        info: the meaning of the labels, and the image size.
        root: folder of the files.
        names: paths relative to `root`.
        labels: float32 array (n, number of domains).
        crop_size: side of the centre crop; None means the largest square.

    Returns:
        The images, decoded when they are loaded.

    Raises:
        InputError: if `crop_size` is not positive, or there is no image.
    """
    if crop_size is not None and crop_size < 1:
        raise InputError(f"crop_size must be positive. Received: crop_size={crop_size}")
    names = tuple(names)

    def load(index: int) -> np.ndarray:
        return square_pixels(root / names[index], info.image_size, crop_size)

    fingerprint = _fingerprint(root, names, (DECODING, info.image_size, crop_size))
    return LabelledImages(info, labels, names, load, fingerprint)


def _fingerprint(root: Path, names: Sequence[str], settings: tuple) -> str:
    """Changes with any file's name, size or time, and with the settings."""
    digest = hashlib.sha256(repr(settings).encode())
    for name in names:
        state = os.stat(f"{root}/{name}")
        line = f"{name}\0{state.st_size}\0{state.st_mtime_ns}\n"
        digest.update(line.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()
