"""Fills the image cache: decodes in parallel, and leaves a whole entry or none."""

import contextlib
import json
import os
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from tqdm import tqdm

from stargan_tf import files
from stargan_tf.data.labelled_images import LabelledImages, UnreadableImage
from stargan_tf.errors import InputError

IMAGES, UNREADABLE, ABOUT = "images.raw", "unreadable.json", "about.json"
# Of the sample that tells whether a file is damaged.
BLOCK, BLOCKS = 2**16, 256
CHUNK = 256


def pixel_bytes(source: LabelledImages) -> int:
    """Size in bytes of all images of a source, decoded."""
    return len(source) * source.info.image_size**2 * 3


def write_images(source: LabelledImages, entry: Path) -> None:
    """Decodes every image into a folder that becomes a cache entry.

    Args:
        source: the images.
        entry: an empty folder.

    Raises:
        InputError: if no image can be read.
    """
    unreadable = _write_pixels(source, entry / IMAGES)
    (entry / UNREADABLE).write_text(json.dumps(unreadable))
    describe(entry, source.info.name, len(source), source.info.image_size)


def describe(entry: Path, name: str, count: int, image_size: int) -> None:
    """Adds what `stargan-tf cache` shows, and a checksum of the images.

    Args:
        entry: a folder with the images.
        name: of the data set.
        count: number of images.
        image_size: side of the images in pixels.
    """
    about = {
        "dataset": name,
        "images": count,
        "image_size": image_size,
        "checksum": checksum(entry / IMAGES),
    }
    (entry / ABOUT).write_text(json.dumps(about))


def checksum(path: Path) -> int:
    """CRC-32 of a sample: 256 blocks of 64 KB, so of all of a file up to 16 MB.

    Args:
        path: the file.
    """
    size, crc = path.stat().st_size, 0
    starts = np.linspace(0, max(0, size - BLOCK), BLOCKS).astype(int)
    if size <= BLOCK * BLOCKS:
        starts = range(0, size, BLOCK)
    with path.open("rb") as file:
        for start in starts:
            file.seek(int(start))
            crc = zlib.crc32(file.read(BLOCK), crc)
    return crc


@contextlib.contextmanager
def whole_entry(entry: Path) -> Iterator[Path]:
    """A temporary folder that becomes the cache entry once the block ends well.

    Args:
        entry: the folder to make, unless another process is faster.

    Raises:
        NotWritten: if the entry cannot be written.
    """
    try:
        with files.new_folder(entry, "image cache", replace=False) as whole:
            yield whole
    except files.NotWritten:
        # Another process was faster, and its entry is as good.
        if not entry.exists():
            raise


def _write_pixels(source: LabelledImages, path: Path) -> list[int]:
    """Writes every image in order; returns the positions that are unreadable."""
    size, unreadable = source.info.image_size, []
    blank = np.zeros((size, size, 3), np.uint8)
    # Plain writes, not a writable memory map: on a full disk a write raises, a
    # memory map kills the process.
    with path.open("wb") as file:
        for position, image in _decode_all(source):
            if image is None:
                unreadable.append(position)
            file.write(np.ascontiguousarray(blank if image is None else image).data)
    if len(unreadable) == len(source):
        raise InputError(
            f"None of the {len(source)} images of '{source.info.name}' can be read. "
            f"{source.problem(0)}"
        )
    return unreadable


def _decode_all(source: LabelledImages) -> Iterator[tuple[int, np.ndarray | None]]:
    """Decodes in parallel, yields in order, and shows progress if it takes long."""

    def load(position: int) -> np.ndarray | None:
        try:
            return source.load(position)
        except UnreadableImage:  # Counted in one line when the entry is opened.
            return None

    title = f"Reading {source.info.name}"
    with (
        ThreadPoolExecutor(os.cpu_count()) as pool,
        tqdm(
            total=len(source), desc=title, unit="image", delay=1.0, disable=None
        ) as bar,
    ):
        # In chunks, so that finished images do not pile up ahead of a slow disk.
        for start in range(0, len(source), CHUNK):
            chunk = range(start, min(start + CHUNK, len(source)))
            for position, image in zip(chunk, pool.map(load, chunk), strict=True):
                yield position, image
                bar.update()
