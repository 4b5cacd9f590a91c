"""Fills the image cache: decodes in parallel, and leaves a whole entry or none."""

import contextlib
import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from tqdm import tqdm

from stargan_tf import files
from stargan_tf.data.labelled_images import LabelledImages, UnreadableImage
from stargan_tf.errors import InputError

IMAGES, UNREADABLE = "images.raw", "unreadable.json"
CHUNK = 256


def pixel_bytes(source: LabelledImages) -> int:
    """Size in bytes of all images of a source, decoded."""
    return len(source) * source.info.image_size**2 * 3


def write_entry(source: LabelledImages, entry: Path) -> None:
    """Decodes every image into a cache entry, which appears only when it is whole.

    Args:
        source: the images.
        entry: the folder to make; a damaged one of that name is replaced.

    Raises:
        InputError: if no image can be read.
        NotWritten: if the entry cannot be written.
    """
    with whole_entry(entry) as whole:
        unreadable = _write_images(source, whole / IMAGES)
        (whole / UNREADABLE).write_text(json.dumps(unreadable))


@contextlib.contextmanager
def whole_entry(entry: Path) -> Iterator[Path]:
    """A temporary folder that becomes the cache entry once the block ends well.

    Args:
        entry: the folder to make; a damaged one of that name is replaced.

    Raises:
        NotWritten: if the entry cannot be written.
    """
    files.remove_leftovers(entry.parent, files.ABANDONED_AFTER_S)
    if os.path.lexists(entry):
        # Another process may find it damaged at the same time.
        with contextlib.suppress(FileNotFoundError):
            files.remove_folder(entry)
    try:
        with files.new_folder(entry, "image cache", replace=False) as whole:
            yield whole
    except files.NotWritten:
        # Another process was faster, and its entry is as good.
        if not entry.exists():
            raise


def _write_images(source: LabelledImages, path: Path) -> list[int]:
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
