"""Which row of an attribute file belongs to which image."""

import posixpath
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from absl import logging

from stargan_tf.errors import InputError


def match_rows(
    names: Sequence[str], files: Sequence[str], root: Path, labels: str
) -> np.ndarray:
    """The row of each image.

    Args:
        names: the images' paths relative to `root`.
        files: the file names of the rows, as written.
        root: folder of the images, for messages.
        labels: the label file, for messages.

    Returns:
        int64 array (number of images,).

    Raises:
        InputError: if there is no image, or one has no row, or two.
    """
    if not names:
        raise InputError(f"{root} holds no image.")
    found = find_images(names, files)
    row_of: dict[str, int] = {}
    for row, name in enumerate(found):
        if name is not None and row_of.setdefault(name, row) != row:
            raise InputError(f"{labels} has two rows for the image {name}. Remove one.")
    without = [name for name in names if name not in row_of]
    if without:
        raise InputError(
            f"{labels} misses {len(without)} of the {len(names)} images in {root}: "
            f"{_first(without)}. Add their rows, or remove the images."
        )
    absent = [file for file, name in zip(files, found, strict=True) if name is None]
    if absent:
        logging.warning(
            "%d of %d rows of %s have no image in %s and are not used: %s",
            *(len(absent), len(files), labels, root, _first(absent)),
        )
    return np.array([row_of[name] for name in names])


def find_images(names: Sequence[str], files: Sequence[str]) -> list[str | None]:
    """The image that each row means, or None.

    Args:
        names: the images' relative paths.
        files: the file names of the rows, as written.
    """
    ways = (posixpath.normpath, posixpath.basename, _stem)
    indexes = [(way, _index(names, way)) for way in ways]

    def find(file: str) -> str | None:
        path = file.replace("\\", "/")
        hits = (index.get(way(path)) for way, index in indexes)
        return next((hit for hit in hits if hit), None)

    return [find(file) for file in files]


def _stem(path: str) -> str:
    return posixpath.splitext(posixpath.basename(path))[0]


def _index(names: Sequence[str], way: Callable[[str], str]) -> dict[str, str | None]:
    """Key → name; None where two images share the key, so that neither is guessed."""
    index: dict[str, str | None] = {}
    for name in names:
        key = way(name)
        index[key] = None if key in index else name
    return index


def _first(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (", …" if len(names) > 3 else "")
