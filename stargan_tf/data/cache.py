"""Decoded images on disk: the first use decodes all of them once, later ones read.

    <cache folder>/<key>/images.raw        uint8 (n, s, s, 3), bare, for memory maps
                         unreadable.json   positions that could not be decoded
                         about.json        what they are, and a checksum

The key is a hash of the source's fingerprint. An entry is written under a temporary
name and renamed when it is whole, so a killed process leaves no half entry, and of
two processes that write the same entry the later one uses the earlier one's. One that
is damaged is made again.

All entries together stay within `STARGAN_TF_CACHE_LIMIT_MB`: those that were not used
for the longest time leave when a new one needs their space. A process keeps what it
uses by a shared lock on the entry's folder, which the system drops when it ends.
"""

import contextlib
import hashlib
import json
import math
import os
import shutil
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from absl import logging

from stargan_tf import files
from stargan_tf.data.info import Size, size_text
from stargan_tf.errors import InputError
from stargan_tf.files import NotWritten, read_json, user_path

try:
    import fcntl
except ImportError:  # Windows, which lets nobody remove a file that is in use.
    fcntl = None

# Part of the key: raise it when the format of an entry changes.
VERSION = 2
IMAGES, UNREADABLE, ABOUT = "images.raw", "unreadable.json", "about.json"
FOLDER_VARIABLE = "STARGAN_TF_CACHE"
LIMIT_VARIABLE = "STARGAN_TF_CACHE_LIMIT_MB"
DEFAULT_LIMIT_MB = 8192
# Of the sample that tells whether a file is damaged.
BLOCK, BLOCKS = 2**16, 256
_ATTEMPTS = 4  # while other processes remove an entry
IMAGE_KIND = "images"
# Kind → pattern of the paths below the cache folder. Nothing else is ever removed.
OTHER_KINDS = {
    "statistics": "statistics/*.npz",
    "evaluations": "evaluations/*/*.npz",
    "classifiers": "classifiers/*.keras",
    "weights": "weights/*-v[0-9]*.npz",
    "exports": "served/*/*",
    "official": "official/[!.]*",
    "models": "models/*.keras",
    "litertjs": "litertjs-*",
}
KINDS = (IMAGE_KIND, *OTHER_KINDS)

T = TypeVar("T")


class NoRoom(InputError):
    """An entry of the cache that cannot be kept; the reason fits in brackets."""

    def __init__(self, reason: str):
        place = os.environ.get(FOLDER_VARIABLE) or "the cache folder"
        super().__init__(
            f"Cannot keep decoded images in {place} ({reason}). Set {FOLDER_VARIABLE} "
            "to a folder with free space."
        )


def cache_folder() -> Path:
    """`STARGAN_TF_CACHE`, or `stargan_tf` in the user's cache folder.

    Raises:
        NoRoom: if the user has no home folder.
    """
    own = os.environ.get(FOLDER_VARIABLE)
    if own:
        return user_path(own)
    try:
        user = user_path(os.environ.get("XDG_CACHE_HOME") or "~/.cache")
    except InputError as error:
        raise NoRoom("there is no home folder") from error
    return user / "stargan_tf"


def limit_bytes() -> float:
    """What all decoded images together may take: `STARGAN_TF_CACHE_LIMIT_MB`."""
    text = os.environ.get(LIMIT_VARIABLE) or str(DEFAULT_LIMIT_MB)
    try:
        limit = float(text) * 2**20
    except ValueError:
        limit = math.nan
    if not limit >= 0:
        raise InputError(
            f"{LIMIT_VARIABLE} must be a number of megabytes. Received: {text!r}"
        )
    return limit


# An entry


def entry_folder(count: int, image_size: Size, fingerprint: str) -> Path:
    """Where `count` decoded images of a source with this fingerprint are kept."""
    parts = (VERSION, count, image_size, fingerprint)
    return cache_folder() / hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def describe(entry: Path, name: str, count: int, image_size: Size) -> None:
    """Adds to the images what `stargan-tf cache` shows, and their checksum."""
    about = {
        "dataset": name,
        "images": count,
        "image_size": image_size,
        "checksum": checksum(entry / IMAGES),
    }
    (entry / ABOUT).write_text(json.dumps(about))


def checksum(path: Path) -> int:
    """CRC-32 of a sample: 256 blocks of 64 KB, so of all of a file up to 16 MB."""
    size, crc = path.stat().st_size, 0
    starts = np.linspace(0, max(0, size - BLOCK), BLOCKS).astype(int)
    if size <= BLOCK * BLOCKS:
        starts = range(0, size, BLOCK)
    with path.open("rb") as file:
        for start in starts:
            file.seek(int(start))
            crc = zlib.crc32(file.read(BLOCK), crc)
    return crc


class InUse:
    """A shared lock on an entry's folder, as long as this object lives.

    Raises:
        OSError: if the folder cannot be opened.
    """

    _descriptor: int | None = None

    def __init__(self, entry: Path):
        self.inode = os.stat(entry).st_ino
        if fcntl is None:
            return
        self._descriptor = os.open(entry, os.O_RDONLY)
        # Some network file systems have no locks. Nothing is removed there.
        with contextlib.suppress(OSError):
            fcntl.flock(self._descriptor, fcntl.LOCK_SH)
        # Another process may have removed it just before.
        if not os.fstat(self._descriptor).st_ino == os.stat(entry).st_ino == self.inode:
            raise FileNotFoundError(entry)
        with contextlib.suppress(OSError):
            os.utime(entry)

    def __del__(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)


def use_entry(
    entry: Path,
    num_bytes: int,
    write: Callable[[Path], Any],
    read: Callable[[Path, InUse], T],
    whatever_size: bool = True,
) -> T:
    """Opens an entry, which is made first if it is not there or damaged.

    Args:
        num_bytes: size of its images.

    Raises:
        NoRoom: if the entry cannot be written, or does not fit beside those in use.
    """
    try:
        for attempt in range(_ATTEMPTS):
            in_use = None
            try:
                in_use = InUse(entry)
                _check_images(entry, num_bytes)
                return read(entry, in_use)
            except (PermissionError, MemoryError):
                raise
            # Which error a damaged file raises depends on the byte.
            except Exception as error:
                if os.path.lexists(entry):
                    if in_use is None and not attempt:
                        continue  # Another process has just put it there.
                    _remove_damaged(entry, in_use, error)
            make_room(num_bytes, whatever_size)
            try:
                with files.new_folder(entry, "image cache", replace=False) as whole:
                    write(whole)
            except NotWritten:
                # Another process was faster, and its entry is as good.
                if not entry.exists():
                    raise
            make_room(0, keep=entry)
    except NotWritten as error:
        raise NoRoom(error.reason) from error
    except OSError as error:
        raise NoRoom(error.strerror or str(error)) from error
    raise NoRoom("other processes remove them")


def _check_images(entry: Path, num_bytes: int) -> None:
    """ValueError or OSError unless every byte is there, and a sample is as written."""
    found = (entry / IMAGES).stat().st_size
    if found != num_bytes:
        raise ValueError(f"{IMAGES} has {found} bytes, not {num_bytes}")
    try:
        about = read_json(entry / ABOUT)
    except FileNotFoundError:
        return  # Of an earlier version.
    if checksum(entry / IMAGES) != about["checksum"]:
        raise ValueError(f"{IMAGES} has another checksum")


def _remove_damaged(entry: Path, in_use: InUse | None, error: Exception) -> None:
    with contextlib.suppress(FileNotFoundError):
        # Unless another process has replaced it already.
        if in_use is None or os.lstat(entry).st_ino == in_use.inode:
            reason = getattr(error, "strerror", None) or error
            logging.warning(
                "The decoded images in %s are damaged (%s): made again.", entry, reason
            )
            files.remove_folder(entry)


# All that is kept


@dataclass(frozen=True)
class Kept:
    """One thing in the cache folder.

    Args:
        kind: one of `KINDS`.
        path: its file or folder.
        num_bytes: its size.
        last_use: seconds since 1970.
        title: what it is, for people.
    """

    kind: str
    path: Path
    num_bytes: int
    last_use: float
    title: str


def kept(kinds: tuple[str, ...] = KINDS) -> list[Kept]:
    """What is in the cache folder of some `KINDS`, the longest unused first."""
    patterns = {IMAGE_KIND: "[0-9a-f]" * 32, **OTHER_KINDS}
    found = []
    for kind in kinds:
        for path in cache_folder().glob(patterns[kind]):
            # Another process may remove it meanwhile.
            with contextlib.suppress(OSError):
                title = _title(path) if kind == IMAGE_KIND else path.name
                if title:
                    used = path.stat().st_mtime
                    found.append(Kept(kind, path, _size(path), used, title))
    return sorted(found, key=lambda one: one.last_use)


def make_room(
    num_bytes: int, whatever_size: bool = True, keep: Path | None = None
) -> None:
    """Removes the longest unused entries until a new one fits the limit.

    Args:
        num_bytes: size of the new one.

    Raises:
        NoRoom: if there is no room, in the cache or on its disk.
    """
    limit, entries = limit_bytes(), kept((IMAGE_KIND,))
    total = sum(entry.num_bytes for entry in entries)
    for entry in entries:
        if total + num_bytes > limit and entry.path != keep and remove(entry):
            total -= entry.num_bytes
    if num_bytes and not whatever_size and total + num_bytes > limit:
        raise NoRoom(
            f"running processes use {total / 2**20:.0f} of the {limit / 2**20:.0f} MB "
            f"of {LIMIT_VARIABLE}"
        )
    free = _free_bytes(cache_folder())
    if free < num_bytes:
        raise NoRoom(
            f"they take {num_bytes / 2**20:.0f} MB, and {free / 2**20:.0f} MB are free"
        )


def remove(entry: Kept) -> bool:
    """Removes something from the cache.

    Returns:
        Whether it is gone: not if a process uses it, or it may not be removed.
    """
    descriptor = None
    try:
        if entry.kind == IMAGE_KIND and fcntl is not None:
            descriptor = os.open(entry.path, os.O_RDONLY)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if entry.path.is_dir():
            files.remove_folder(entry.path)
        else:
            entry.path.unlink()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    finally:
        if descriptor is not None:
            os.close(descriptor)
    return True


def _title(entry: Path) -> str:
    """What an entry has images of; empty for a folder that is no entry."""
    if not ((entry / UNREADABLE).exists() or (entry / IMAGES).exists()):
        return ""
    # Entries of earlier versions have no such file.
    try:
        about = read_json(entry / ABOUT)
        count, size = int(about["images"]), size_text(about["image_size"])
        return f"{about['dataset']}, {count:,} images of {size}"
    except (OSError, ValueError, TypeError, KeyError):
        return "unknown images"


def _size(path: Path) -> int:
    if not path.is_dir():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


def _free_bytes(folder: Path) -> float:
    existing = next(above for above in (folder, *folder.parents) if above.exists())
    return shutil.disk_usage(existing).free
