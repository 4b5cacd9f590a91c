"""Random access to a data set's images: from the cache, or decoded each time.

Both stores have `labels`, float32 (number of positions, number of domains), and
`complete`, whether every position is known to be readable. Unreadable images never stop
a training run.
"""

import json
import math
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from absl import logging

from stargan_tf.data.cache import (
    IMAGES,
    UNREADABLE,
    InUse,
    NoRoom,
    describe,
    entry_folder,
    limit_bytes,
    use_entry,
)
from stargan_tf.data.files import say_once
from stargan_tf.data.source import LabeledImages, UnreadableImage
from stargan_tf.errors import InputError, check_choice
from stargan_tf.files import read_json
from stargan_tf.progress import Progress

AUTO = "auto"
ALWAYS = "always"
NEVER = "never"
CHUNK = 256


class CachedImages:
    """Images in an entry of the cache, without unreadable ones.

    Args:
        source: the images; only names and labels are used.
        folder: the cache entry.
        in_use: keeps the entry from being removed.

    Attributes:
        path: file of raw pixels of type `dtype` and shape `shape`, (n, h, w, c).
        rows: int64 array; the row in the file for each position.

    Raises:
        ValueError: if the entry is damaged.
    """

    complete = True

    def __init__(self, source: LabeledImages, folder: Path, in_use: InUse):
        unreadable = read_json(folder / UNREADABLE)
        every = range(len(source))
        if not isinstance(unreadable, list) or not all(
            type(position) is int and position in every for position in unreadable
        ):
            raise ValueError(f"{UNREADABLE} is not a list of positions")
        self.path, self.shape = folder / IMAGES, (len(source), *source.info.shape)
        self.dtype = source.info.dtype
        self.rows = np.setdiff1d(np.arange(len(source)), unreadable)
        self.labels = source.labels[self.rows]
        self._in_use = in_use
        if unreadable:
            named = ", ".join(source.names[position] for position in unreadable[:3])
            more = ", …" if len(unreadable) > 3 else ""
            say_once(
                f"{len(unreadable)} of {len(source)} images are unreadable and were "
                f"skipped: {named}{more}. {source.problem(unreadable[0])}"
            )

    def __len__(self) -> int:
        return len(self.rows)


class DecodedImages:
    """Images that are decoded each time, for data that are too large for the cache.

    Unreadable images are replaced by the next readable one, which depends on the files
    only, so that a resumed run gets the same images. They are reported in a few lines,
    with the count so far.

    Args:
        source: the images.
        same_domain: for one-hot labels: whether the substitute has the same label.

    Raises:
        InputError: if no image can be read.
    """

    complete = False

    def __init__(self, source: LabeledImages, same_domain: bool = False):
        self.source = source
        self.labels = source.labels
        self._groups = source.labels.argmax(axis=1) * int(same_domain)
        self._unreadable: set[int] = set()
        self._lock = threading.Lock()
        # If nothing is readable, this fails here and not in a tf.data thread.
        self._read(0)

    def __len__(self) -> int:
        return len(self.source)

    def get(self, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The images at `positions`, or the next readable ones.

        Returns:
            uint8 images (k, h, w, c), and the positions they were read from.
        """
        images, taken = zip(*map(self._read, positions.tolist()), strict=True)
        return np.stack(images), np.array(taken, np.int64)

    def readable(self, positions: np.ndarray, enough: int) -> int:
        """The number of these images that can be read; stops counting at `enough`."""
        count = 0
        for position in positions.tolist():
            if count == enough:
                break
            count += self._load(position) is not None
        return count

    def _read(self, position: int) -> tuple[np.ndarray, int]:
        for step in range(len(self)):
            candidate = (position + step) % len(self)
            if self._groups[candidate] != self._groups[position]:
                continue
            image = self._load(candidate)
            if image is not None:
                return image, candidate
        raise InputError(
            f"None of the {len(self)} images of '{self.source.info.name}' can be read."
        )

    def _load(self, position: int) -> np.ndarray | None:
        if position in self._unreadable:
            return None
        try:
            return self.source.load(position)
        except UnreadableImage as error:
            with self._lock:
                is_new = position not in self._unreadable
                self._unreadable.add(position)
                count = len(self._unreadable)
            # Only the 1st, 10th, 100th, and so on, to keep the log short.
            if is_new and str(count).strip("0") == "1":
                logging.warning("%s Skipped; %d unreadable so far.", error, count)
            return None


ImageStore = CachedImages | DecodedImages


def open_images(
    source: LabeledImages, cache: str = AUTO, *, same_domain: bool = False
) -> ImageStore:
    """Opens the images of one source.

    Args:
        source: the images.
        cache: `"auto"` uses the cache if they fit its limit; `"always"`, `"never"`.
        same_domain: see `DecodedImages`.

    Returns:
        The images; from the cache, without unreadable ones. If the cache cannot be
        written, or is full of entries in use, they are decoded each time, after a
        warning.
    """
    check_choice("cache", cache, (AUTO, ALWAYS, NEVER))
    count, size = len(source), source.info.image_size
    num_bytes = (
        count * math.prod(source.info.shape) * np.dtype(source.info.dtype).itemsize
    )
    if cache == ALWAYS or (cache == AUTO and num_bytes <= limit_bytes()):
        try:
            return use_entry(
                entry_folder(count, size, source.fingerprint),
                num_bytes,
                lambda folder: _write_images(source, folder),
                lambda folder, in_use: CachedImages(source, folder, in_use),
                whatever_size=cache == ALWAYS,
            )
        except NoRoom as error:
            logging.warning("%s Images are decoded each time instead.", error)
    return DecodedImages(source, same_domain)


def _write_images(source: LabeledImages, entry: Path) -> None:
    """Decodes every image into a folder that becomes a cache entry."""
    count, size, unreadable = len(source), source.info.image_size, []
    blank = np.zeros(source.info.shape, source.info.dtype)
    # Plain writes: on a full disk, a write raises, but a writable memory map kills the
    # process.
    with (entry / IMAGES).open("wb") as file:
        title = f"Reading {source.info.name}"
        images = Progress(_decode_all(source), title, total=count, delay=1.0)
        for position, image in enumerate(images):
            if image is None:
                unreadable.append(position)
            file.write(np.ascontiguousarray(blank if image is None else image).data)
    if len(unreadable) == count:
        raise InputError(
            f"None of the {count} images of '{source.info.name}' can be read. "
            f"{source.problem(0)}"
        )
    (entry / UNREADABLE).write_text(json.dumps(unreadable))
    describe(entry, source.info.name, count, size)


def _decode_all(source: LabeledImages) -> Iterator[np.ndarray | None]:
    """Decodes in parallel, yields in order; None for an unreadable image."""

    def load(position: int) -> np.ndarray | None:
        try:
            return source.load(position)
        except UnreadableImage:  # Reported when the entry is opened.
            return None

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        # In chunks, so that finished images do not pile up ahead of a slow disk.
        for start in range(0, len(source), CHUNK):
            yield from pool.map(load, range(start, min(start + CHUNK, len(source))))
