"""Zip archives, and arrays in them, whose sizes are checked before they are read.

A file from elsewhere may claim any size; memory is allocated only for actual content.
"""

import contextlib
import math
import os
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from absl import logging

from stargan_tf.errors import InputError
from stargan_tf.files import new_file, open_regular
from stargan_tf.limits import MAX_RATIO, is_bomb


def check_archive(archive: zipfile.ZipFile, path: Path) -> None:
    """Raises `InputError` for an archive whose content is far larger than the file."""
    unpacked = sum(member.file_size for member in archive.infolist())
    if is_bomb(unpacked, os.path.getsize(path)):
        raise InputError(
            f"{path} is refused: it unpacks to {unpacked:,} bytes, over {MAX_RATIO} "
            "times its size, which files of weights never do."
        )


@contextlib.contextmanager
def open_arrays(path: Path) -> Iterator[Any]:
    """Opens an `.npz` file, once its members have been checked.

    Raises:
        InputError: see `check_archive`.
        OSError: if it cannot be opened.
        ValueError: if it is not an `.npz` file of arrays, or is damaged.
        zipfile.BadZipFile: if it is damaged.
    """
    import numpy as np

    with open_regular(path) as file:
        if file.read(2) != b"PK":
            raise ValueError("It is not a zip archive.")
        file.seek(0)
        with np.load(file, allow_pickle=False) as arrays:
            check_archive(arrays.zip, path)
            for member in arrays.zip.infolist():
                with arrays.zip.open(member) as file_of_array:
                    check_array(file_of_array, member.file_size, member.filename)
            yield arrays


def write_arrays(path: Path, arrays: Mapping[str, Any], what: str) -> None:
    """Writes an uncompressed .npz file atomically; see `new_file`."""
    import numpy as np

    with new_file(path, what) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)


def read_arrays(
    path: Path, what: str, read: Callable[[Mapping[str, Any]], Any] = dict
) -> Any:
    """Reads a cached file of `write_arrays`.

    Args:
        path: the file.
        what: its description in messages.
        read: converts the arrays to the result.

    Returns:
        What `read` returned; None if there is no such file or, after a warning, if it
        is damaged or `read` failed.
    """
    try:
        with open_arrays(path) as arrays:
            return read(arrays)
    except FileNotFoundError:
        return None
    # Which error a damaged file raises depends on the byte.
    except Exception as error:
        name = type(error).__name__
        logging.warning("Cannot read the %s %s (%s): recreated.", what, path, name)
        return None


def check_array(file: BinaryIO, size: int, name: str) -> None:
    """Reads the header of a `.npy` file; ValueError unless its size is right.

    Args:
        file: the file, at its start.
        size: its size in bytes.
        name: its name in messages.
    """
    from numpy.lib import format as npy

    readers = {
        (1, 0): npy.read_array_header_1_0,
        (2, 0): npy.read_array_header_2_0,
    }
    version = npy.read_magic(file)
    if version not in readers:
        raise ValueError(f"{name} has format {version}.")
    shape, _, dtype = readers[version](file)
    if dtype.hasobject:
        raise ValueError(f"{name} contains Python objects.")
    if min(shape, default=0) < 0:
        raise ValueError(f"{name} has the shape {shape}.")
    expected = file.tell() + math.prod(shape) * dtype.itemsize
    if expected != size:
        raise ValueError(f"{name} has {size} bytes for {expected}.")
