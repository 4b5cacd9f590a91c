"""Decoded images on disk: the first use decodes all of them once, later ones read.

    <cache folder>/<key>/images.raw        uint8 (n, s, s, 3), bare, for memory maps
                         unreadable.json   positions that could not be decoded

The key is a hash of the source's fingerprint. An entry is written under a temporary
name and renamed when it is whole, so a killed process leaves no half entry, and of
two processes that write the same entry the later one uses the earlier one's.
"""

import hashlib
import json
import os
from pathlib import Path

import numpy as np
from absl import logging

from stargan_tf.data.cache_writer import IMAGES, UNREADABLE, pixel_bytes, write_entry
from stargan_tf.data.labelled_images import LabelledImages
from stargan_tf.errors import InputError
from stargan_tf.files import NotWritten

# Part of the key: raise it when the format of an entry changes.
VERSION = 2
FOLDER_VARIABLE = "STARGAN_TF_CACHE"
LIMIT_VARIABLE = "STARGAN_TF_CACHE_LIMIT_MB"
DEFAULT_LIMIT_MB = 2048


class CachedImages:
    """An `ImageStore` whose images lie in a file; unreadable ones are left out.

    Args:
        source: the images; only names and labels are used.
        folder: the cache entry.

    Attributes:
        path: file of bare uint8 pixels, of shape `shape`, (n, s, s, 3).
        rows: int64 array; row of the file at each position.
    """

    complete = True

    def __init__(self, source: LabelledImages, folder: Path):
        unreadable = json.loads((folder / UNREADABLE).read_text())
        size = source.info.image_size
        self.path, self.shape = folder / IMAGES, (len(source), size, size, 3)
        self.rows = np.setdiff1d(np.arange(len(source)), unreadable)
        self.labels = source.labels[self.rows]
        _summarise(source, unreadable)

    def __len__(self) -> int:
        return len(self.rows)


def cached_images(source: LabelledImages) -> CachedImages | None:
    """The images from the cache, filled first where they are not in it yet.

    Args:
        source: the images.

    Returns:
        The cached images; None (after a warning) if the cache cannot be written.

    Raises:
        InputError: if no image can be read.
    """
    entry = entry_folder(len(source), source.info.image_size, source.fingerprint)
    try:
        if not _is_whole(source, entry):
            write_entry(source, entry)
        return CachedImages(source, entry)
    except (NotWritten, OSError) as error:
        reason = error.reason if isinstance(error, NotWritten) else error.strerror
        logging.warning(
            "Cannot keep decoded images in %s (%s); each image is decoded every "
            "time. Set %s to a folder with free space.",
            entry.parent,
            reason or error,
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
    return pixel_bytes(source) <= limit


def entry_folder(count: int, image_size: int, fingerprint: str) -> Path:
    """Where the decoded images of a source are kept, or would be.

    Args:
        count: number of images.
        image_size: their side in pixels.
        fingerprint: of the source.
    """
    parts = (VERSION, count, image_size, fingerprint)
    return cache_folder() / hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def _is_whole(source: LabelledImages, entry: Path) -> bool:
    """Whether the entry is there, with every byte a memory map would touch."""
    try:
        return (entry / IMAGES).stat().st_size == pixel_bytes(source)
    except FileNotFoundError:
        return False


def _summarise(source: LabelledImages, unreadable: list[int]) -> None:
    if not unreadable:
        return
    named = ", ".join(source.names[position] for position in unreadable[:3])
    logging.warning(
        "%d of %d images are unreadable and were skipped: %s%s. %s",
        len(unreadable),
        len(source),
        named,
        ", …" if len(unreadable) > 3 else "",
        source.problem(unreadable[0]),
    )
