"""Reads every image once, and extracts what the checks need."""

import hashlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image

from stargan_tf.data.intensity import valid_pixels
from stargan_tf.data.pictures import open_picture, read_picture, shown, to_float
from stargan_tf.data.source import LabeledImages
from stargan_tf.doctor.opened import Opened
from stargan_tf.errors import InputError
from stargan_tf.progress import Progress

RGB, GRAY, CMYK = "rgb", "gray", "cmyk"
# JPEG rounds gray pixels to channels that differ by a few steps.
_NEARLY_EQUAL = 4
BINS = 24  # Of the histograms.
_SIDE = 64  # Of the reduced image that is checked for color.
# Images in flight per core: enough to keep it busy, but with bounded memory and a quick
# response to Ctrl-C.
_AHEAD = 8


@dataclass(frozen=True, slots=True)
class Picture:
    """One image; about 300 bytes.

    Args:
        name: as in `LabeledImages.names`.
        split: `"train"`, `"held_out"`, or `""` if the split could not be opened.
        row: its index in the split.
        problem: why it cannot be read; None if it can, and then all below is set.
        size: size of the image in the file, (width, height) in pixels; None if there is
            no file.
        color: `"rgb"`, `"gray"`, or `"cmyk"`.
        content: digest of the file's bytes; empty if there is no file.
        pixels: digest of the decoded pixels.
        outline: the difference hash.
        levels: normalized histogram of the values over the model's range, `BINS` bins.
        ends: the lowest and the highest value in that range, from 0 to 1.
    """

    name: str
    split: str
    row: int
    problem: str | None = None
    size: tuple[int, int] | None = None
    color: str = RGB
    content: bytes = b""
    pixels: bytes = b""
    outline: int = 0
    levels: tuple[float, ...] = ()
    ends: tuple[float, float] = (0.0, 1.0)


def examine(opened: Opened) -> Iterator[Picture]:
    """Examines each image, with a progress bar."""
    unopened: list[str] = []
    if opened.problems and opened.audit:
        known = {name for source in opened.splits.values() for name in source.names}
        unopened = [name for name in opened.audit.names if name not in known]
    total = sum(map(len, opened.splits.values())) + len(unopened)
    looks, cores = _looks(opened, unopened), os.cpu_count() or 1
    with (
        Progress(total=total, desc="Examining") as bar,
        ThreadPoolExecutor(cores) as pool,
    ):
        while chunk := list(islice(looks, _AHEAD * cores)):
            for picture in pool.map(lambda look: look(), chunk):
                yield picture
                bar.update()


def _looks(opened: Opened, unopened: list[str]) -> Iterator[Callable[[], Picture]]:
    for split, source in opened.splits.items():
        for row, name in enumerate(source.names):
            yield partial(look_at, name, split, row, source, opened.file(name))
    for row, name in enumerate(unopened):
        yield partial(look_at, name, "", row, path=opened.audit.root / name)


def look_at(
    name: str,
    split: str,
    row: int,
    source: LabeledImages | None = None,
    path: Path | None = None,
) -> Picture:
    """Examines an image file at its original size, or an image without a file.

    Args:
        name: as in `LabeledImages.names`.
        split: `"train"`, `"held_out"`, or `""`.
        row: the image's index in the split.
        source: the split; None if it could not be opened.
        path: the file; None if there is none.
    """
    plain = source is None or source.info.is_plain
    measured = source is not None and source.info.intensity is not None
    try:
        if path is None or measured:
            values = source.load(row)
            image = Image.fromarray(shown(values))
        else:
            image = read_picture(path)
            values = np.asarray(image)
    except InputError as error:
        return Picture(name, split, row, str(error))
    values = to_float(values)
    values = (values[valid_pixels(values)] + 1.0) / 2.0
    if not values.size:
        return Picture(name, split, row, f"{name} has no pixel with data.")
    counts, _ = np.histogram(values, BINS, (0.0, 1.0))
    picture = Picture(
        name=name,
        split=split,
        row=row,
        color=color_of(image) if plain else RGB,
        pixels=pixel_digest(image),
        outline=difference_hash(image),
        levels=tuple(counts / values.size),
        ends=(float(values.min()), float(values.max())),
    )
    if path is None:
        return picture
    if measured:
        return replace(picture, content=_digest(path.read_bytes()))
    with open_picture(path) as file:
        color = CMYK if file.mode == "CMYK" else picture.color
    content = _digest(path.read_bytes())
    return replace(picture, size=image.size, color=color, content=content)


def color_of(image: Image.Image) -> str:
    """`"gray"` for an RGB image without color, otherwise `"rgb"`."""
    side = (min(_SIDE, image.width), min(_SIDE, image.height))
    small = image.resize(side, Image.Resampling.BOX)
    values = np.asarray(small).astype(np.int16)
    spread = values.max(axis=2) - values.min(axis=2)
    return GRAY if spread.max() <= _NEARLY_EQUAL else RGB


def pixel_digest(image: Image.Image) -> bytes:
    """A 16-byte digest of the size and all pixels."""
    return _digest(repr(image.size).encode() + image.tobytes())


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=16).digest()


def difference_hash(image: Image.Image) -> int:
    """A 64-bit hash that hardly changes when an RGB image is resized or recompressed.

    Each bit is set if a cell of a 9 × 8 gray reduction is brighter than its left
    neighbor.

    Reference: N. Krawetz 2013, "Kind of Like That", The Hacker Factor Blog.
    """
    cells = image.convert("L").resize((9, 8), Image.Resampling.BOX)
    values = np.asarray(cells).astype(np.int16)
    bits = values[:, 1:] > values[:, :-1]
    return int.from_bytes(np.packbits(bits).tobytes(), "big")
