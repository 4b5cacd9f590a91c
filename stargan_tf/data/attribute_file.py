"""Reads a file of attributes: CelebA's text, Kaggle's CSV, or any CSV.

    202599                                image_id,5_o_Clock_Shadow,Arched_Eyebrows
    5_o_Clock_Shadow Arched_Eyebrows      000001.jpg,-1,1
    000001.jpg -1  1

An attribute is on or off: 1 or -1 in CelebA's files, 1 or 0 in others.
"""

import codecs
import csv
import itertools
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stargan_tf.data.listing import is_picture, kind_of_download, say_once
from stargan_tf.errors import InputError, near_names, shortened
from stargan_tf.files import open_regular, user_path

FILE_NAMES = ("file", "filename", "file_name", "file_path", "filepath", "path", "name")
IMAGE_NAMES = ("img", "image", "image_id", "image_name", "image_path", "img_path")
FILE_COLUMNS = frozenset(FILE_NAMES + IMAGE_NAMES)
VALUES = {"1": 1, "0": 0, "-1": -1, "1.0": 1, "0.0": 0, "-1.0": -1}
VALUES |= {"true": 1, "false": 0}
SEPARATORS = ",;\t|"
MAX_COLUMNS = 10_000
# UTF-32 first: its mark begins with that of UTF-16.
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What no text holds: control characters other than tab, line ends and Ctrl-Z.
BINARY = re.compile("[\0-\x08\x0e-\x19\x1b-\x1f]")
NO_TEXT = "it is not a text file in UTF-8, UTF-16 or Latin-1"
# Saved by pandas without a name for its index, which tells nothing of a picture.
INDEX = re.compile(r"|Unnamed: \d+(_level_\d+)?")


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
        path: a table separated by commas, semicolons, tabs, bars or, as
            `list_attr_celeba.txt` is, by blanks, in UTF-8, UTF-16 or Latin-1. The file
            column has a name such as `file`, `filename`, `image_id` or `path`, or
            holds names of pictures, or is the first.
        attributes: names of the columns, in order; empty means all but unnamed ones.

    Returns:
        The table, with -1 read as 0.

    Raises:
        InputError: if the file cannot be read, lacks a column or has it twice, or
            holds another value.
    """
    rows = read_table(path)
    _, header = next(rows, (0, []))
    first = next(rows, None)
    file_column = _file_column(header, first[1] if first else [])
    if header and is_picture(header[file_column]):
        raise InputError(
            f"{path}: the first line must name the columns, such as 'file,Male'. "
            f"Received: the name of a picture, '{shortened(header[file_column])}'."
        )
    columns = {name: column for column, name in enumerate(header)}
    known = [
        name
        for column, name in enumerate(header)
        if column != file_column and not INDEX.fullmatch(name)
    ]
    wanted = [unicodedata.normalize("NFC", name) for name in attributes] or known
    _check_names(wanted, known, path)
    chosen = [columns[name] for name in wanted]
    files, values = [], []
    while first is not None:
        line, row = first
        if len(row) != len(header):
            raise InputError(
                f"{path}, line {line}: expected {len(header)} columns, as in the "
                f"line of names. Received: {len(row)}"
            )
        files.append(row[file_column])
        values.append([VALUES.get(row[column].lower()) for column in chosen])
        if None in values[-1]:
            column = chosen[values[-1].index(None)]
            raise _wrong_value(f"{path}, line {line}", header[column], row[column])
        first = next(rows, None)
    return AttributeTable(tuple(files), tuple(wanted), _as_switches(values, path))


def read_table(path: str | os.PathLike) -> Iterator[tuple[int, list[str]]]:
    """The lines of a table of text, whatever separates its columns.

    Args:
        path: see `read_attribute_file`.

    Yields:
        (line number, cells) of every line that is not blank; the names come first,
        with `file` in front where the column of the files has none.

    Raises:
        InputError: if it cannot be read.
    """
    text = _text(user_path(path), path)
    # Not `splitlines`, which also splits at characters that a name may hold.
    lines = re.split("\r\n|\n|\r", text)
    start = next((n for n, line in enumerate(lines) if line.strip()), 0)
    separator = None
    if lines[start].lower().startswith("sep=") and len(lines[start]) == 5:  # Excel's
        separator, start = lines[start][4], start + 1
    elif lines[start].strip(f" {SEPARATORS}").isdigit():
        start += 1  # CelebA's count of rows; nothing depends on it.
    start = next((n for n in range(start, len(lines)) if lines[n].strip()), start)
    separator = separator or _separator(lines[start : start + 2])
    return _named(_cells(lines, start, separator, path))


def _text(path: Path, given: str | os.PathLike) -> str:
    try:
        with open_regular(path) as file:
            content = file.read()
        text = _decoded(content, given)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or NO_TEXT
        raise InputError(f"Cannot read the label file {given}: {reason}.") from error
    if BINARY.search(text):
        raise InputError(f"Cannot read the label file {given}: {NO_TEXT}.")
    if text.lstrip().startswith("<"):
        raise InputError(f"The label file {given} is {kind_of_download(path)}")
    return unicodedata.normalize("NFC", text.rstrip("\x1a"))


def _decoded(content: bytes, path: str | os.PathLike) -> str:
    for mark, encoding in MARKS:
        if content.startswith(mark):
            return content.decode(encoding)
    # UTF-16 without its mark: every second byte of what people type is 0.
    if content[1:2] == b"\0" or content[:1] == b"\0":
        return content.decode("utf-16-be" if content[:1] == b"\0" else "utf-16-le")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        # What Windows calls Latin-1; it has more characters.
        text = content.decode("cp1252")
    if not BINARY.search(text):
        say_once(
            f"{path} is not UTF-8 and is read as Latin-1 (Windows-1252). If it is of "
            "another encoding, save it as UTF-8."
        )
    return text


def _separator(lines: Sequence[str]) -> str | None:
    """The mark that divides both lines alike; None for blanks."""
    names, row = (*lines, "", "")[:2]
    found = [mark for mark in SEPARATORS if mark in names]
    if "\t" in found and row and "\t" not in row:
        found.remove("\t")  # One blank among others.
    if len(found) < 2:
        return found[0] if found else None
    alike = [mark for mark in found if names.count(mark) == row.count(mark)]
    return max(alike or found, key=names.count)


def _cells(
    lines: Sequence[str], start: int, separator: str | None, path: str | os.PathLike
) -> Iterator[tuple[int, list[str]]]:
    if separator is None:
        names = lines[start].replace('"', "").split()  # R writes quotation marks.
        unnamed = bool(names) and names[0].lower() not in FILE_COLUMNS
        yield start + 1, _checked(["file", *names] if unnamed else names, path)
        for number, line in enumerate(lines[start + 1 :], start + 2):
            if line.strip():
                # From the right, so that a file name may hold blanks.
                cells = line.strip().rsplit(None, len(names) + unnamed - 1)
                yield number, [cell.strip('"') for cell in cells]
        return
    _checked([""] * (lines[start].count(separator) + 1), path)
    reader = csv.reader((f"{line}\n" for line in lines[start:]), delimiter=separator)
    number = start + 1
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if any(cells):
                yield number, cells
            number = start + 1 + reader.line_num
    except csv.Error as error:
        raise InputError(
            f"{path}, line {number}: not a table ({error}). Is a quotation mark "
            "missing?"
        ) from error


def _named(
    rows: Iterator[tuple[int, list[str]]],
) -> Iterator[tuple[int, list[str]]]:
    """Names the file column where it has no name, and drops empty cells at the end."""
    top, header = next(rows, (0, []))
    first = next(rows, (0, []))
    if len(_trimmed(first[1])) <= len(_trimmed(header)):
        header = _trimmed(header)
    elif len(first[1]) == len(header) + 1 and is_picture(first[1][0]):
        header = ["file", *header]  # As CelebA and R's `write.table` leave it out.
    if header:
        yield top, header
    for number, row in itertools.chain([first] if first[1] else [], rows):
        yield number, row if len(row) <= len(header) else _trimmed(row, len(header))


def _trimmed(cells: list[str], least: int = 0) -> list[str]:
    """Without the empty cells that a separator at the end of a line makes."""
    end = len(cells)
    while end > least and not cells[end - 1]:
        end -= 1
    return cells[:end]


def _checked(header: list[str], path: str | os.PathLike) -> list[str]:
    if len(header) > MAX_COLUMNS:
        raise InputError(
            f"{path} must have at most {MAX_COLUMNS:,} columns, one for each "
            f"attribute. Received: {len(header):,} in the line of names."
        )
    return header


def _file_column(header: Sequence[str], row: Sequence[str]) -> int:
    """The column named like one of files, else one that holds a picture's name."""
    named = [c for c, name in enumerate(header) if name.lower() in FILE_COLUMNS]
    places = named or range(len(header))
    held = (c for c in places if c < len(row) and is_picture(row[c]))
    return next(held, named[0] if named else 0)


def _check_names(
    wanted: Sequence[str], known: Sequence[str], path: str | os.PathLike
) -> None:
    times = Counter(known)
    for name in wanted:
        if name not in times:
            raise InputError(
                f"{path} has no attribute '{name}'. {near_names(name, known)}"
            )
        if times[name] > 1:
            raise InputError(
                f"{path} has {times[name]} columns named '{shortened(name)}'. Keep "
                "one, or choose other columns with --attributes."
            )


def _wrong_value(where: str, attribute: str, text: str) -> InputError:
    return InputError(
        f"{where}: the attribute '{shortened(attribute)}' must be 1 or -1, or 1 or 0. "
        f"Received: {shortened(text)!r}. Choose the columns to use with --attributes."
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
