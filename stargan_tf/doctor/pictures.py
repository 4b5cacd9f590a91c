"""Looks at every picture once, in order, a few at a time."""

import hashlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from stargan_tf.data.pictures import open_picture, read_picture
from stargan_tf.data.source import LabelledImages, UnreadableImage
from stargan_tf.doctor.opened import Opened

# Difference hash: 64 bits that hardly change when a picture is resized or re-encoded.

COLUMNS, ROWS = 8, 8


def difference_hash(image: Image.Image) -> int:
    """The hash of a picture.

    Args:
        image: any RGB picture.

    Returns:
        A number in [0, 2**64).
    """
    cells = image.convert("L").resize((COLUMNS + 1, ROWS), Image.Resampling.BOX)
    values = np.asarray(cells).astype(np.int16)
    bits = values[:, 1:] > values[:, :-1]
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


# What is known of one picture once it has been looked at.

RGB, GREY, CMYK = "rgb", "grey", "cmyk"
# JPEG rounds grey pixels to channels that differ by a few steps.
NEARLY_EQUAL = 4
LOOKED_AT = 64  # side of the reduced picture that is checked for colour
BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture.

    Args:
        name: as in `LabelledImages.names`.
        split: `"train"`, `"held_out"`, or `""` if the split could not be opened.
        row: its number in the split.
        problem: why it cannot be read; None if it can, and then all below is set.
        size: of the file's picture, (width, height) in pixels; None if there is no
            file to measure.
        colour: `"rgb"`, `"grey"` or `"cmyk"`.
        content: digest of the file's bytes; empty if there is no file.
        pixels: digest of the decoded pixels.
        outline: the difference hash.
    """

    name: str
    split: str
    row: int
    problem: str | None = None
    size: tuple[int, int] | None = None
    colour: str = RGB
    content: bytes = b""
    pixels: bytes = b""
    outline: int = 0


def look_at_file(path: Path, name: str, split: str, row: int) -> Picture:
    """Decodes a picture file in its own size.

    Args:
        path: the file.
        name: see `Picture`.
        split: see `Picture`.
        row: see `Picture`.
    """
    try:
        image = read_picture(path)
    except UnreadableImage as error:
        return Picture(name, split, row, str(error))
    with open_picture(path) as file:
        cmyk = file.mode == "CMYK"
    return Picture(
        *(name, split, row, None, image.size),
        CMYK if cmyk else colour(image),
        _digest_of_file(path),
        digest_of_pixels(image),
        difference_hash(image),
    )


def look_at_loaded(source: LabelledImages, split: str, row: int) -> Picture:
    """Loads an image that has no file of its own.

    Args:
        source: the split.
        split: its name.
        row: the image's number.
    """
    name = source.names[row]
    try:
        image = Image.fromarray(source.load(row))
    except UnreadableImage as error:
        return Picture(name, split, row, str(error))
    return Picture(
        *(name, split, row, None, None, colour(image), b""),
        digest_of_pixels(image),
        difference_hash(image),
    )


def colour(image: Image.Image) -> str:
    """`"grey"` if an RGB picture shows no colour, else `"rgb"`."""
    side = (min(LOOKED_AT, image.width), min(LOOKED_AT, image.height))
    small = image.resize(side, Image.Resampling.BOX)
    values = np.asarray(small).astype(np.int16)
    spread = values.max(axis=2) - values.min(axis=2)
    return GREY if spread.max() <= NEARLY_EQUAL else RGB


def digest_of_pixels(image: Image.Image) -> bytes:
    """16 bytes that follow from the size and every pixel."""
    digest = hashlib.blake2b(repr(image.size).encode(), digest_size=16)
    digest.update(image.tobytes())
    return digest.digest()


def _digest_of_file(path: str | os.PathLike) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    with open(path, "rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.digest()


# Pictures in flight for each core: enough to keep it busy, few enough that memory
# does not grow with the data set and Ctrl-C is answered at once.
AHEAD = 8

Look = Callable[[], Picture]


def examine(opened: Opened) -> Iterator[Picture]:
    """Yields what is known of each picture, with a progress bar on a terminal.

    Args:
        opened: the data set; of a split that could not be opened, the listed files.
    """
    looks = _looks(opened)
    cores = os.cpu_count() or 1
    with (
        tqdm(total=count(opened), desc="Looking", unit="image", disable=None) as bar,
        ThreadPoolExecutor(cores) as pool,
    ):
        while chunk := list(islice(looks, AHEAD * cores)):
            for picture in pool.map(lambda look: look(), chunk):
                yield picture
                bar.update()


def count(opened: Opened) -> int:
    """How many pictures `examine` yields."""
    return sum(map(len, opened.splits.values())) + len(_unopened(opened))


def _looks(opened: Opened) -> Iterator[Look]:
    for split, source in opened.splits.items():
        for row, name in enumerate(source.names):
            path = opened.file(name)
            if path is None:
                yield partial(look_at_loaded, source, split, row)
            else:
                yield partial(look_at_file, path, name, split, row)
    for row, name in enumerate(_unopened(opened)):
        yield partial(look_at_file, opened.audit.root / name, name, "", row)


def _unopened(opened: Opened) -> list[str]:
    """The listed files of a split that did not open."""
    if not (opened.problems and opened.audit):
        return []
    seen = {name for source in opened.splits.values() for name in source.names}
    return [name for name in opened.audit.names if name not in seen]
