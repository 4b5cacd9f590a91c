"""Decoded images on disk: the first use decodes all of them, later uses read them.

    <cache folder>/<key>/images.raw        raw uint8 (n, s, s, 3), for memory maps
                         unreadable.json   positions that could not be decoded
                         about.json        description and checksum

The key is a hash of the source's fingerprint. An entry is written under a temporary
name and renamed when it is complete, so that a killed process leaves no partial entry;
if two processes write the same entry, the later one uses that of the earlier one.
Damaged entries are recreated.

All entries together stay within `STARGAN_TF_CACHE_LIMIT_MB`: the least recently used
ones are removed when a new one needs their space. A process protects entries in use by
a shared lock on the entry's folder, which the system releases when the process ends.
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
except ImportError:  # Windows, where files in use cannot be removed.
    fcntl = None

# Part of the key: raise it when the format of an entry changes.
VERSION = 2
IMAGES, UNREADABLE, ABOUT = "images.raw", "unreadable.json", "about.json"
FOLDER_VARIABLE = "STARGAN_TF_CACHE"
LIMIT_VARIABLE = "STARGAN_TF_CACHE_LIMIT_MB"
DEFAULT_LIMIT_MB = 8192
# Of the sample that detects damaged files.
BLOCK, BLOCKS = 2**16, 256
_ATTEMPTS = 4  # If other processes remove the entry.
IMAGE_KIND = "images"
# Type → pattern of the paths below the cache folder. Nothing else is ever removed.
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
    """A cache entry that cannot be written; the reason fits in parentheses."""

    def __init__(self, reason: str):
        place = os.environ.get(FOLDER_VARIABLE) or "the cache folder"
        super().__init__(
            f"Cannot cache decoded images in {place} ({reason}). Set {FOLDER_VARIABLE} "
            "to a folder with free space."
        )


def cache_folder() -> Path:
    """`STARGAN_TF_CACHE`, or `stargan_tf` in the user's cache folder.

    Raises:
        NoRoom: if the user has no home folder.
    """
    configured = os.environ.get(FOLDER_VARIABLE)
    if configured:
        return user_path(configured)
    try:
        user = user_path(os.environ.get("XDG_CACHE_HOME") or "~/.cache")
    except InputError as error:
        raise NoRoom("there is no home folder") from error
    return user / "stargan_tf"


def limit_bytes() -> float:
    """The limit for all decoded images together: `STARGAN_TF_CACHE_LIMIT_MB`."""
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


# === An entry ===


def entry_folder(count: int, image_size: Size, fingerprint: str) -> Path:
    """The folder for `count` decoded images of a source with this fingerprint."""
    parts = (VERSION, count, image_size, fingerprint)
    return cache_folder() / hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def describe(entry: Path, name: str, count: int, image_size: Size) -> None:
    """Writes the description for `stargan-tf cache`, and the checksum."""
    about = {
        "dataset": name,
        "images": count,
        "image_size": image_size,
        "checksum": checksum(entry / IMAGES),
    }
    (entry / ABOUT).write_text(json.dumps(about))


def checksum(path: Path) -> int:
    """CRC-32 of a sample of 256 blocks of 64 KB, which is all of a file up to 16 MB."""
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
    """A shared lock on an entry's folder during the lifetime of the object.

    Raises:
        OSError: if the folder cannot be opened.
    """

    _descriptor: int | None = None

    def __init__(self, entry: Path):
        self.inode = os.stat(entry).st_ino
        if fcntl is None:
            return
        self._descriptor = os.open(entry, os.O_RDONLY)
        # Some network file systems have no locks; there, nothing is removed.
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
    """Opens an entry, which is created if it is missing or damaged.

    Args:
        entry: its folder.
        num_bytes: size of its images.
        write: writes the images into the folder that it is given.
        read: opens the entry that it is given, with the lock on it.
        whatever_size: whether to exceed the limit if entries in use leave too little
            space.

    Returns:
        What `read` returns.

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
                # Another process was faster; its entry is used.
                if not entry.exists():
                    raise
            make_room(0, keep=entry)
    except NotWritten as error:
        raise NoRoom(error.reason) from error
    except OSError as error:
        raise NoRoom(error.strerror or str(error)) from error
    raise NoRoom("other processes remove them")


def _check_images(entry: Path, num_bytes: int) -> None:
    """ValueError or OSError unless the size and the checksum are right."""
    actual = (entry / IMAGES).stat().st_size
    if actual != num_bytes:
        raise ValueError(f"{IMAGES} has {actual} bytes, not {num_bytes}")
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
                "The decoded images in %s are damaged (%s): recreated.", entry, reason
            )
            files.remove_folder(entry)


# === All entries ===


@dataclass(frozen=True)
class Kept:
    """An entry of the cache folder.

    Args:
        kind: one of `KINDS`.
        path: its file or folder.
        num_bytes: its size.
        last_use: in seconds since 1970.
        title: its description for users.
    """

    kind: str
    path: Path
    num_bytes: int
    last_use: float
    title: str


def kept(kinds: tuple[str, ...] = KINDS) -> list[Kept]:
    """The entries of some `KINDS`, the least recently used first."""
    patterns = {IMAGE_KIND: "[0-9a-f]" * 32, **OTHER_KINDS}
    entries = []
    for kind in kinds:
        for path in cache_folder().glob(patterns[kind]):
            # Another process may remove it meanwhile.
            with contextlib.suppress(OSError):
                title = _title(path) if kind == IMAGE_KIND else path.name
                if title:
                    used = path.stat().st_mtime
                    entries.append(Kept(kind, path, _size(path), used, title))
    return sorted(entries, key=lambda entry: entry.last_use)


def make_room(
    num_bytes: int, whatever_size: bool = True, keep: Path | None = None
) -> None:
    """Removes the least recently used entries until a new one fits the limit.

    Args:
        num_bytes: size of the new entry.
        whatever_size: as in `use_entry`.
        keep: an entry that must not be removed.

    Raises:
        NoRoom: if there is no space in the cache, or on its disk.
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
            f"{num_bytes / 2**20:.0f} MB are needed, {free / 2**20:.0f} MB are free"
        )


def remove(entry: Kept) -> bool:
    """Removes an entry from the cache.

    Returns:
        Whether it was removed: False if it is in use, or without permission.
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
    """A description of an entry of images; empty if a folder is no entry."""
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
