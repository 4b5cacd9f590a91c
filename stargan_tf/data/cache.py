"""Decoded images on disk: the first use decodes all of them once, later ones read.

    <cache folder>/<key>/images.npy        uint8 (n, s, s, 3), read as a memory map
                         unreadable.json   positions that could not be decoded

The key is a hash of the source's fingerprint. An entry is written under a temporary
name and renamed when it is whole, so a killed process leaves no half entry, and of
two processes that write the same entry the later one uses the earlier one's.
"""

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from absl import logging
from tqdm import tqdm

from stargan_tf.data.labelled_images import LabelledImages, UnreadableImage
from stargan_tf.errors import InputError

VERSION = 1
FOLDER_VARIABLE = "STARGAN_TF_CACHE"
LIMIT_VARIABLE = "STARGAN_TF_CACHE_LIMIT_MB"
DEFAULT_LIMIT_MB = 2048
IMAGES, UNREADABLE = "images.npy", "unreadable.json"
CHUNK = 256
ABANDONED_AFTER_S = 24 * 3600


class CachedImages:
    """An `ImageStore` that reads from a memory map; unreadable images are left out.

    Args:
        source: the images; only names and labels are used.
        folder: the cache entry.
    """

    complete = True

    def __init__(self, source: LabelledImages, folder: Path):
        self._images = np.load(folder / IMAGES, mmap_mode="r")
        unreadable = json.loads((folder / UNREADABLE).read_text())
        readable = np.ones(len(source), bool)
        readable[unreadable] = False
        self._rows = np.flatnonzero(readable)
        self.labels = source.labels[self._rows]
        _summarise(source, unreadable)

    def __len__(self) -> int:
        return len(self._rows)

    def get(self, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """uint8 images (k, s, s, 3) at `positions`, an array (k,); and `positions`."""
        return self._images[self._rows[positions]], positions


def cached_images(source: LabelledImages) -> CachedImages | None:
    """The images from the cache, filled first where they are not in it yet.

    Args:
        source: the images.

    Returns:
        The cached images; None (after a warning) if the cache cannot be written.

    Raises:
        InputError: if no image can be read.
    """
    entry = cache_folder() / _key(source)
    try:
        if not entry.is_dir():
            _fill(source, entry)
        return CachedImages(source, entry)
    except OSError as error:
        logging.warning(
            "Cannot keep decoded images in %s (%s); each image is decoded every "
            "time. Set %s to a folder with free space.",
            entry.parent,
            error.strerror or error,
            FOLDER_VARIABLE,
        )
        return None


def cache_folder() -> Path:
    """`STARGAN_TF_CACHE`, or `stargan_tf` in the user's cache folder."""
    own = os.environ.get(FOLDER_VARIABLE)
    if own:
        return Path(own).expanduser()
    user = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(user) / "stargan_tf"


def fits_in_cache(source: LabelledImages) -> bool:
    """Whether the decoded images stay within `STARGAN_TF_CACHE_LIMIT_MB`."""
    text = os.environ.get(LIMIT_VARIABLE, str(DEFAULT_LIMIT_MB))
    try:
        limit = float(text) * 2**20
    except ValueError:
        raise InputError(
            f"{LIMIT_VARIABLE} must be a number of megabytes. Received: {text!r}"
        ) from None
    return len(source) * source.info.image_size**2 * 3 <= limit


def _key(source: LabelledImages) -> str:
    parts = (VERSION, len(source), source.info.image_size, source.fingerprint)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def _fill(source: LabelledImages, entry: Path) -> None:
    entry.parent.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(entry)
    with tempfile.TemporaryDirectory(
        prefix=f"{entry.name}.", suffix=".tmp", dir=entry.parent
    ) as temporary:
        whole = Path(temporary) / "entry"
        whole.mkdir()
        unreadable = _write_images(source, whole / IMAGES)
        (whole / UNREADABLE).write_text(json.dumps(unreadable))
        # Renaming fails where another process was faster; its entry is as good.
        with contextlib.suppress(OSError):
            whole.rename(entry)


def _write_images(source: LabelledImages, path: Path) -> list[int]:
    """Writes every image in order; returns the positions that are unreadable."""
    size, unreadable = source.info.image_size, []
    blank = np.zeros((size, size, 3), np.uint8)
    header = {"descr": "|u1", "fortran_order": False}
    # Plain writes, not a writable memory map: on a full disk a write raises, a
    # memory map kills the process.
    with path.open("wb") as file:
        header["shape"] = (len(source), size, size, 3)
        np.lib.format.write_array_header_1_0(file, header)
        for position, image in _decode_all(source):
            if image is None:
                unreadable.append(position)
            file.write(np.ascontiguousarray(blank if image is None else image).data)
        file.flush()
        os.fsync(file.fileno())
    if len(unreadable) == len(source):
        raise InputError(
            f"None of the {len(source)} images of '{source.info.name}' can be read."
        )
    return unreadable


def _decode_all(source: LabelledImages) -> Iterator[tuple[int, np.ndarray | None]]:
    """Decodes in parallel, yields in order, and shows progress if it takes long."""

    def load(position: int) -> np.ndarray | None:
        try:
            return source.load(position)
        except UnreadableImage as error:
            logging.warning("%s Skipped.", error)
            return None

    title = f"Reading {source.info.name}"
    with (
        ThreadPoolExecutor(os.cpu_count()) as pool,
        tqdm(total=len(source), desc=title, unit="image", delay=1.0) as bar,
    ):
        # In chunks, so that finished images do not pile up ahead of a slow disk.
        for start in range(0, len(source), CHUNK):
            chunk = range(start, min(start + CHUNK, len(source)))
            for position, image in zip(chunk, pool.map(load, chunk), strict=True):
                yield position, image
                bar.update()


def _remove_abandoned(entry: Path) -> None:
    """Frees what killed processes left of this entry, once it is surely not in use."""
    for left in entry.parent.glob(f"{entry.name}.*.tmp"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > ABANDONED_AFTER_S:
                shutil.rmtree(left)


def _summarise(source: LabelledImages, unreadable: list[int]) -> None:
    if not unreadable:
        return
    named = ", ".join(source.names[position] for position in unreadable[:3])
    logging.warning(
        "%d of %d images are unreadable and were skipped: %s%s",
        len(unreadable),
        len(source),
        named,
        ", …" if len(unreadable) > 3 else "",
    )
