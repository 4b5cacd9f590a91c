"""Reads a file of attributes: CelebA's text, Kaggle's CSV, or any CSV.

    202599                                image_id,5_o_Clock_Shadow,Arched_Eyebrows
    5_o_Clock_Shadow Arched_Eyebrows      000001.jpg,-1,1
    000001.jpg -1  1

An attribute is on or off: 1 or -1 in CelebA's files, 1 or 0 in others.
"""

import csv
import itertools
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stargan_tf.errors import InputError, near_names
from stargan_tf.files import user_path

FILE_NAMES = ("file", "filename", "file_name", "file_path", "filepath", "path", "name")
IMAGE_NAMES = ("img", "image", "image_id", "image_name", "image_path", "img_path")
FILE_COLUMNS = frozenset(FILE_NAMES + IMAGE_NAMES)
VALUES = {"1": 1, "0": 0, "-1": -1, "1.0": 1, "0.0": 0, "-1.0": -1}
VALUES |= {"true": 1, "false": 0}


@dataclass(frozen=True)
class AttributeTable:
    """The rows of an attribute file, restricted to chosen attributes.

    Args:
        files: file names as written, one per row.
        attributes: names of the columns of `values`.
        values: float32 array (rows, attributes) of 0 and 1.
    """

    files: tuple[str, ...]
    attributes: tuple[str, ...]
    values: np.ndarray


def read_attribute_file(
    path: str | os.PathLike, attributes: Sequence[str] = ()
) -> AttributeTable:
    """Reads the chosen columns of an attribute file.

    Args:
        path: a CSV (comma, semicolon or tab; the file column is the first, or the one
            with a name such as `file`, `filename`, `image_id` or `path`), or a text
            in the layout of `list_attr_celeba.txt`.
        attributes: names of the columns, in order; empty means all.

    Returns:
        The table, with -1 read as 0.

    Raises:
        InputError: if the file cannot be read, lacks a column, or holds another value.
    """
    rows = _rows(user_path(path))
    _, header = next(rows, (0, []))
    file_column = _file_column(header)
    known = [name for column, name in enumerate(header) if column != file_column]
    chosen = tuple(attributes) or tuple(known)
    columns = [header.index(_known_name(name, known, path)) for name in chosen]
    files, values = [], []
    for line, row in rows:
        if len(row) != len(header):
            raise InputError(
                f"{path}, line {line}: expected {len(header)} columns, as in the "
                f"line of names. Received: {len(row)}"
            )
        files.append(row[file_column])
        values.append([VALUES.get(row[column].lower()) for column in columns])
        if None in values[-1]:
            column = columns[values[-1].index(None)]
            raise _wrong_value(f"{path}, line {line}", header[column], row[column])
    return AttributeTable(tuple(files), chosen, _as_switches(values, path))


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """(line number, cells) of every line that is not blank; the names come first."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = enumerate(file, 1)
            yield from _cells((n, line) for n, line in lines if line.strip())
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not a text file"
        raise InputError(f"Cannot read the label file {path}: {reason}.") from error


def _cells(lines: Iterator[tuple[int, str]]) -> Iterator[tuple[int, list[str]]]:
    top, names = next(lines, (0, ""))
    if names.strip().isdigit():  # CelebA's count of rows; nothing depends on it.
        top, names = next(lines, (0, ""))
    delimiter = next((mark for mark in ",;\t" if mark in names), None)
    if delimiter is None:
        return _cells_of_text(top, names.split(), lines)
    return _cells_of_csv(itertools.chain([(top, names)], lines), delimiter)


def _cells_of_text(
    top: int, names: list[str], lines: Iterator[tuple[int, str]]
) -> Iterator[tuple[int, list[str]]]:
    if not names or names[0].lower() not in FILE_COLUMNS:
        names = ["file", *names]  # CelebA does not name the file column.
    yield top, names
    for number, line in lines:
        # From the right, so that a file name may hold spaces.
        yield number, line.strip().rsplit(None, len(names) - 1)


def _cells_of_csv(
    lines: Iterator[tuple[int, str]], delimiter: str
) -> Iterator[tuple[int, list[str]]]:
    for number, line in lines:
        cells = next(csv.reader([line.rstrip("\r\n")], delimiter=delimiter))
        yield number, [cell.strip() for cell in cells]


def _file_column(header: Sequence[str]) -> int:
    named = (c for c, name in enumerate(header) if name.lower() in FILE_COLUMNS)
    return next(named, 0)


def _known_name(name: str, known: Sequence[str], path: str | os.PathLike) -> str:
    if name not in known:
        raise InputError(f"{path} has no attribute '{name}'. {near_names(name, known)}")
    return name


def _wrong_value(where: str, attribute: str, text: str) -> InputError:
    return InputError(
        f"{where}: the attribute '{attribute}' must be 1 or -1, or 1 or 0. "
        f"Received: {text!r}. Choose the columns to use with --attributes."
    )


def _as_switches(values: list[list[int]], path: str | os.PathLike) -> np.ndarray:
    table = np.array(values, np.int8)
    if not table.size:
        raise InputError(f"The label file {path} holds no attributes of images.")
    if (table == 0).any() and (table == -1).any():
        raise InputError(
            f"{path} mixes 0 and -1; off must be one of the two throughout."
        )
    return (table > 0).astype(np.float32)
