"""Which row of an attribute file belongs to which image."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from stargan_tf.data.listing import archives_in, is_picture, say_once
from stargan_tf.errors import InputError, shortened

Parts = tuple[str, ...]


def match_rows(
    names: Sequence[str], files: Sequence[str], root: Path, labels: str
) -> np.ndarray:
    """The row of each image.

    Args:
        names: the images' paths relative to `root`.
        files: the file names of the rows, as written.
        root: folder of the images.
        labels: the label file, for messages.

    Returns:
        int64 array (number of images,).

    Raises:
        InputError: if there is no image, or one has no row, or two.
    """
    if not names:
        raise InputError(f"{root} holds no image.{archives_in(root)}")
    found = find_images(names, files, root)
    row_of: dict[str, int] = {}
    for row, name in enumerate(found):
        if name is not None and row_of.setdefault(name, row) != row:
            both = f"'{shortened(files[row_of[name]])}' and '{shortened(files[row])}'"
            raise InputError(
                f"{labels} has two rows for the image {name}: {both}. Remove one."
            )
    without = [name for name in names if name not in row_of]
    if without:
        raise InputError(
            f"{labels} misses {len(without)} of the {len(names)} images in {root}: "
            f"{_first(without)}. Its rows name {_first(files)}. Add their rows, or "
            "remove the images. A row finds its image by the end of its path, so "
            "folders that it names must be called the same here."
        )
    absent = [file for file, name in zip(files, found, strict=True) if name is None]
    if absent:
        say_once(
            f"{len(absent)} of {len(files)} rows of {labels} have no image in {root} "
            f"and are not used: {_first(absent)}"
        )
    return np.array([row_of[name] for name in names])


def find_images(
    names: Sequence[str], files: Sequence[str], root: Path | None = None
) -> list[str | None]:
    """The image that each row means, or None.

    The longest common end of both paths decides; where they differ below `root`, or
    two images fit equally, a row means none. A name without extension, and a number
    without its zeros, mean the image that has them.

    Args:
        names: the images' relative paths.
        files: the file names of the rows, as written, with any system's separators.
        root: folder of the images: of rows that name different folders around it,
            those count that agree with where it lies.
    """
    images = [_parts(name) for name in names]
    rows = [_parts(file) for file in files]
    found: list[tuple[int, int] | None] = [None] * len(rows)
    for of_image, of_row in ((_whole, _whole), (_stem, _stem), (_number, _number)):
        left = [row for row, hit in enumerate(found) if hit is None]
        if not left:
            break
        search = _Search([_with_end(parts, of_image) for parts in images])
        taken = {hit[0] for hit in found if hit}
        for row in left:
            hit = search.find(_with_end(rows[row], of_row))
            found[row] = None if hit and hit[0] in taken else hit
    right = _right_bases(rows, found, _parts(str(root.absolute())) if root else ())
    return [
        names[hit[0]] if hit and rows[row][: hit[1]] in right else None
        for row, hit in enumerate(found)
    ]


def _parts(path: str) -> Parts:
    """Folders and file name, without drive, `.` and `..`."""
    path = unicodedata.normalize("NFC", path).replace("\\", "/")
    parts: list[str] = []
    for part in re.sub(r"^(\w+:)?/*", "", path).split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return tuple(parts)


def _with_end(parts: Parts, way: Callable[[str], str]) -> Parts:
    end = way(parts[-1]) if parts else ""
    return (*parts[:-1], end) if end else ()


def _whole(name: str) -> str:
    return name


def _stem(name: str) -> str:
    """Without the extension, if it is that of a picture."""
    return name.rpartition(".")[0] if is_picture(name) else name


def _number(name: str) -> str:
    """`000123.jpg`, `123` and `123.0`, as spreadsheets make it, are the number 123."""
    digits = re.fullmatch(r"0*(\d+?)(\.0)?", _stem(name))
    return digits[1] if digits else ""


class _Search:
    """Finds the image whose path has the longest common end with a row's.

    Args:
        images: their paths; empty ones cannot be found.
    """

    def __init__(self, images: Sequence[Parts]):
        self._by_path: dict[Parts, int | None] = {}
        self._by_end: dict[Parts, int | None] = {}  # None: of several images
        for image, parts in enumerate(images):
            if not parts:
                continue
            self._by_path[parts] = None if parts in self._by_path else image
            for start in range(1, len(parts)):
                end = parts[start:]
                self._by_end[end] = None if end in self._by_end else image

    def find(self, row: Parts) -> tuple[int, int] | None:
        """The image, and how many folders of the row lead to its root; or None."""
        for start in range(len(row)):
            if row[start:] in self._by_path:
                image = self._by_path[row[start:]]
                return None if image is None else (image, start)
        image = self._by_end.get(row)
        return None if image is None else (image, 0)


def _right_bases(
    rows: Sequence[Parts], found: Sequence[tuple[int, int] | None], root: Parts
) -> set[Parts]:
    """What the rows that count have in front of the images' relative paths.

    Rows may speak of several folders of which the images are one. That folder is the
    one that agrees best with `root`; where none does, each image must be claimed by
    one, and all rows must name some folder around the images.
    """
    images: Mapping[Parts, set[int]] = defaultdict(set)
    for row, hit in zip(rows, found, strict=True):
        if hit is not None:
            images[row[: hit[1]]].add(hit[0])
    named = [base for base in images if base]
    best = max((_common_end(base, root) for base in named), default=0)
    right = [base for base in named if _common_end(base, root) == best]
    claims = Counter(image for base in right for image in images[base])
    if any(count > 1 for count in claims.values()) or (not best and images[()]):
        return {()}
    flat = [] if best else [base for base in right if _is_flat(base, rows, found)]
    if root and flat:
        named = shortened("/".join(flat[0])) + (", …" if len(flat) > 1 else "")
        say_once(
            f"The rows of the label file name the folder {named}, and the images lie "
            f"in {root[-1]}. They are taken to be the same."
        )
    return {(), *right}


def _is_flat(
    base: Parts, rows: Sequence[Parts], found: Sequence[tuple[int, int] | None]
) -> bool:
    """Whether the last folder of a base is the one in which an image should lie."""
    return any(
        hit is not None and hit[1] == len(base) == len(row) - 1 and row[:-1] == base
        for row, hit in zip(rows, found, strict=True)
    )


def _common_end(one: Parts, other: Parts) -> int:
    pairs = zip(reversed(one), reversed(other), strict=False)
    return next(
        (n for n, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other))
    )


def _first(names: Sequence[str]) -> str:
    listed = ", ".join(map(shortened, names[:3]))
    return listed + (", …" if len(names) > 3 else "")
