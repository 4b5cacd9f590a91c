"""Zip archives, and arrays in them, measured before they are read.

A file from elsewhere may claim any size. Memory is taken for what is there.
"""

import contextlib
import math
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stargan_tf.errors import InputError
from stargan_tf.files import open_regular

# Weights shrink by a tenth when they are packed, with an optimizer that has not worked
# yet to a third, and statistics to a half. Zeros shrink to a thousandth: such a file
# is made to fill a memory.
LARGEST_RATIO = 100
# Archives that unpack to less are harmless, whatever their ratio.
SMALL_BYTES = 64 << 20
_ZIP = b"PK"


def check_archive(archive: zipfile.ZipFile, path: Path) -> None:
    """Refuses an archive that would unpack to far more than it is.

    Args:
        archive: opened.
        path: its file.

    Raises:
        InputError: if it would.
    """
    unpacked = sum(member.file_size for member in archive.infolist())
    if unpacked > max(SMALL_BYTES, LARGEST_RATIO * os.path.getsize(path)):
        raise InputError(
            f"{path} is refused: it would unpack to {unpacked:,} bytes, more than "
            f"{LARGEST_RATIO} times its size. Files of weights do not do that."
        )


@contextlib.contextmanager
def open_arrays(path: Path) -> Iterator[Any]:
    """Opens an `.npz` whose arrays are as large as its members, and no objects.

    Args:
        path: the file.

    Yields:
        NumPy's mapping from names to arrays, each read when it is asked for.

    Raises:
        InputError: see `check_archive`.
        OSError: if it cannot be opened.
        ValueError: if it is no `.npz` of arrays, or damaged.
        zipfile.BadZipFile: likewise.
    """
    import numpy as np

    with open_regular(path) as file:
        if file.read(len(_ZIP)) != _ZIP:
            raise ValueError("It is no zip archive.")
        file.seek(0)
        with np.load(file, allow_pickle=False) as arrays:
            check_archive(arrays.zip, path)
            for member in arrays.zip.infolist():
                _check_array(arrays.zip, member)
            yield arrays


def _check_array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    from numpy.lib import format as npy

    readers = {
        (1, 0): npy.read_array_header_1_0,
        (2, 0): npy.read_array_header_2_0,
    }
    with archive.open(member) as file:
        version = npy.read_magic(file)
        if version not in readers:
            raise ValueError(f"{member.filename} has format {version}.")
        shape, _, dtype = readers[version](file)
        if dtype.hasobject:
            raise ValueError(f"{member.filename} holds Python objects.")
        if min(shape, default=0) < 0:
            raise ValueError(f"{member.filename} has the shape {shape}.")
        expected = file.tell() + math.prod(shape) * dtype.itemsize
    if expected != member.file_size:
        raise ValueError(
            f"{member.filename} has {member.file_size} bytes for {expected}."
        )
