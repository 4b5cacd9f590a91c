"""Reads a file of attributes: CelebA's text, Kaggle's CSV, or any CSV.

    202599                                image_id,5_o_Clock_Shadow,Arched_Eyebrows
    5_o_Clock_Shadow Arched_Eyebrows      000001.jpg,-1,1
    000001.jpg -1  1

An attribute is on or off: 1 or -1 in CelebA's files, 1 or 0 in others. A row is matched
to its image by the end of the path. Instead of attributes, a table may have a column
`domain`. Two more columns control the splits: `group`, such as the patient, whose
images stay together, and `split`.
"""

import codecs
import csv
import itertools
import os
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stargan_tf.data.files import archives_in, download_text, is_picture, say_once
from stargan_tf.data.options import HELD_OUT, TRAIN
from stargan_tf.errors import InputError, near_names, shortened
from stargan_tf.files import read_bytes, user_path
from stargan_tf.limits import MAX_TEXT_BYTES

FILE_NAMES = ("file", "filename", "file_name", "file_path", "filepath", "path", "name")
IMAGE_NAMES = ("img", "image", "image_id", "image_name", "image_path", "img_path")
FILE_COLUMNS = frozenset(FILE_NAMES + IMAGE_NAMES)
VALUES = {"1": 1, "0": 0, "-1": -1, "1.0": 1, "0.0": 0, "-1.0": -1}
VALUES |= {"true": 1, "false": 0}
SEPARATORS = ",;\t|"
# Control characters that no text contains: all but tab, line ends, and Ctrl-Z.
BINARY = re.compile("[\0-\x08\x0e-\x19\x1b-\x1f]")
NO_TEXT = "it is not a text file in UTF-8, UTF-16 or Latin-1"
# Columns that are not attributes.
DOMAIN, GROUP, SPLIT = "domain", "group", "split"
SPECIAL_COLUMNS = (DOMAIN, GROUP, SPLIT)
SPLIT_NAMES = dict.fromkeys(("train", "training"), TRAIN) | dict.fromkeys(
    ("held_out", "test", "testing", "val", "valid", "validation"), HELD_OUT
)
# An unnamed index saved by pandas, which is no attribute.
INDEX = re.compile(r"|Unnamed: \d+(_level_\d+)?")

Line = tuple[int, list[str]]  # line number and cells
Parts = tuple[str, ...]  # folders and file name of a path


@dataclass(frozen=True)
class AttributeTable:
    """The rows of an attribute file, restricted to chosen attributes.

    Args:
        files: file names as written, one per row.
        attributes: names of the columns of `values`.
        values: float32 array (rows, attributes) of 0 and 1.
        is_one_hot: whether the attributes are domains, exactly one per row.
        groups: the group of each row; empty without such a column.
        splits: `"train"` or `"held_out"` for each row; empty without such a column.
    """

    files: tuple[str, ...]
    attributes: tuple[str, ...]
    values: np.ndarray
    is_one_hot: bool = False
    groups: tuple[str, ...] = ()
    splits: tuple[str, ...] = ()


def read_attribute_file(
    path: str | os.PathLike, attributes: Sequence[str] = ()
) -> AttributeTable:
    """Reads the chosen columns of an attribute file.

    Args:
        path: a table separated by commas, semicolons, tabs, bars or, like
            `list_attr_celeba.txt`, by spaces, in UTF-8, UTF-16, or Latin-1. The file
            column is the one with a name such as `file`, `filename`, `image_id`, or
            `path`; or else the one that contains names of images; or else the first.
        attributes: names of the columns, in order; empty means all except unnamed ones,
            `domain`, `group`, and `split`. For a table with a column `domain`: names
            of domains.

    Returns:
        The table, with -1 read as 0.

    Raises:
        InputError: if the file cannot be read, lacks a column or has it twice, or
            contains another value; or if a group is in both splits.
    """
    rows = read_table(path)
    _, header = next(rows, (0, []))
    first = next(rows, None)
    file_column = _file_column(header, first[1] if first else [])
    if header and is_picture(header[file_column]):
        raise InputError(
            f"{path}: the first line must name the columns, such as 'file,Male'. "
            f"Received: the name of an image, '{shortened(header[file_column])}'."
        )
    special = {name: header.index(name) for name in SPECIAL_COLUMNS if name in header}
    # Attributes requested by name take precedence over domains.
    is_one_hot = DOMAIN in special and not (attributes and {*attributes} <= {*header})
    names, chosen = (), []
    if not is_one_hot:
        left_out = {file_column, *special.values()}
        names, chosen = _chosen(path, header, left_out, attributes)
    cells, lines = [], []
    for line, row in itertools.chain([first] if first else [], rows):
        if len(row) != len(header):
            raise InputError(
                f"{path}, line {line}: expected {len(header)} columns, as in the "
                f"header. Received: {len(row)}"
            )
        cells.append(row)
        lines.append(line)
    groups, splits = (
        tuple(row[special[name]] for row in cells) if name in special else ()
        for name in (GROUP, SPLIT)
    )
    # An image with a blank group is a group of its own.
    groups = tuple(
        group or row[file_column] for group, row in zip(groups, cells, strict=False)
    )
    if is_one_hot:
        column = [row[special[DOMAIN]] for row in cells]
        names, values = _domains(path, lines, column, attributes)
    else:
        values = _on_or_off(path, header, lines, cells, chosen)
    splits = _checked_splits(path, lines, splits, groups)
    files = tuple(row[file_column] for row in cells)
    if not values.size:
        raise InputError(f"The label file {path} contains no attributes of images.")
    return AttributeTable(files, names, values, is_one_hot, groups, splits)


def _chosen(
    path: str | os.PathLike,
    header: Sequence[str],
    left_out: Collection[int],
    attributes: Sequence[str],
) -> tuple[tuple[str, ...], list[int]]:
    """The names of the attributes to use, and their columns."""
    known = [
        name
        for column, name in enumerate(header)
        if column not in left_out and not INDEX.fullmatch(name)
    ]
    wanted = [unicodedata.normalize("NFC", name) for name in attributes] or known
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
    columns = {name: column for column, name in enumerate(header)}
    return tuple(wanted), [columns[name] for name in wanted]


def _on_or_off(
    path: str | os.PathLike,
    header: Sequence[str],
    lines: Sequence[int],
    cells: Sequence[Sequence[str]],
    chosen: Sequence[int],
) -> np.ndarray:
    """float32 (rows, chosen columns) of 0 and 1."""
    values = []
    for line, row in zip(lines, cells, strict=True):
        values.append([VALUES.get(row[column].lower()) for column in chosen])
        if None in values[-1]:
            column = chosen[values[-1].index(None)]
            raise InputError(
                f"{path}, line {line}: the attribute '{shortened(header[column])}' "
                "must be 1 or -1, or 1 or 0. "
                f"Received: {shortened(row[column])!r}. Choose the columns to use "
                "with --attributes."
            )
    table = np.array(values, np.int8)
    if (table == 0).any() and (table == -1).any():
        raise InputError(f"{path} mixes 0 and -1 for off. Use only one of them.")
    return (table > 0).astype(np.float32)


def _domains(
    path: str | os.PathLike,
    lines: Sequence[int],
    column: Sequence[str],
    wanted: Sequence[str],
) -> tuple[tuple[str, ...], np.ndarray]:
    """The names of the domains, and one-hot rows; all zeros for other domains."""
    for line, name in zip(lines, column, strict=True):
        if not name:
            raise InputError(f"{path}, line {line}: the domain is missing.")
    known = sorted(set(column))
    names = tuple(unicodedata.normalize("NFC", name) for name in wanted) or tuple(known)
    for name in names:
        if name not in known:
            raise InputError(
                f"{path} has no domain '{name}'. {near_names(name, known)}"
            )
    rows = [[name == domain for domain in names] for name in column]
    return names, np.array(rows, np.float32).reshape(-1, len(names))


def _checked_splits(
    path: str | os.PathLike,
    lines: Sequence[int],
    splits: Sequence[str],
    groups: Sequence[str],
) -> tuple[str, ...]:
    """The split of each row as `"train"` or `"held_out"`; no group may be in both."""
    split_of: dict[str, str] = {}
    checked = []
    for row, (line, name) in enumerate(zip(lines, splits, strict=False)):
        split = SPLIT_NAMES.get(name.lower())
        if split is None:
            raise InputError(
                f"{path}, line {line}: the split must be one of "
                f"{', '.join(SPLIT_NAMES)}. Received: {shortened(name)!r}"
            )
        group = groups[row] if groups else str(row)
        if split_of.setdefault(group, split) != split:
            raise InputError(
                f"{path}, line {line}: the group '{shortened(group)}' is in both "
                "splits, so a model would be evaluated on its training data. Put all "
                "images of the group into one split."
            )
        checked.append(split)
    return tuple(checked)


def listed_files(path: str | os.PathLike) -> list[str]:
    """The files that a table names, in the order of its rows.

    Args:
        path: see `read_attribute_file`; other columns may contain anything.
    """
    rows = read_table(path)
    _, header = next(rows, (0, []))
    body = list(rows)
    column = _file_column(header, body[0][1] if body else [])
    return [cells[column] for _, cells in body if len(cells) > column]


def read_table(path: str | os.PathLike) -> Iterator[Line]:
    """The lines of a text table with any separator.

    Args:
        path: see `read_attribute_file`.

    Yields:
        (line number, cells) of every line that is not blank; the header comes first,
        with `file` inserted if the file column has no name.

    Raises:
        InputError: if it cannot be read.
    """
    # Not `splitlines`, which also splits at characters that names may contain.
    lines = re.split("\r\n|\n|\r", _text(user_path(path), path))
    start = next((n for n, line in enumerate(lines) if line.strip()), 0)
    separator = None
    if lines[start].lower().startswith("sep=") and len(lines[start]) == 5:  # Excel's
        separator, start = lines[start][4], start + 1
    elif lines[start].strip(f" {SEPARATORS}").isdigit():
        start += 1  # CelebA's count of rows, which is not used.
    start = next((n for n in range(start, len(lines)) if lines[n].strip()), start)
    separator = separator or _separator(lines[start : start + 2])
    if separator is None:
        return _named(_divided_by_blanks(lines, start))
    return _named(_divided_by(separator, lines, start, path))


def match_rows(
    names: Sequence[str], files: Sequence[str], root: Path, labels: str
) -> np.ndarray:
    """Finds the row of each image.

    Args:
        names: the images' paths relative to `root`.
        files: the file names in the rows, as written.
        root: folder of the images.
        labels: the label file, for messages.

    Returns:
        int64 array (number of images,).

    Raises:
        InputError: if there is no image, or an image has no row, or two.
    """
    if not names:
        raise InputError(f"{root} contains no image.{archives_in(root)}")
    matched = find_images(names, files, root)
    row_of: dict[str, int] = {}
    for row, name in enumerate(matched):
        if name is not None and row_of.setdefault(name, row) != row:
            both = f"'{shortened(files[row_of[name]])}' and '{shortened(files[row])}'"
            raise InputError(
                f"{labels} has two rows for the image {name}: {both}. Remove one."
            )
    without = [name for name in names if name not in row_of]
    if without:
        raise InputError(
            f"{labels} lacks {len(without)} of the {len(names)} images in {root}: "
            f"{_first(without)}. Its rows name {_first(files)}. Add rows for them, or "
            "remove the images. Rows are matched by the end of the path, so folders "
            "in a row must have the same names as here."
        )
    absent = [file for file, name in zip(files, matched, strict=True) if name is None]
    if absent:
        say_once(
            f"{len(absent)} of {len(files)} rows of {labels} have no image in {root} "
            f"and are ignored: {_first(absent)}"
        )
    return np.array([row_of[name] for name in names])


def find_images(
    names: Sequence[str], files: Sequence[str], root: Path | None = None
) -> list[str | None]:
    """Finds the image of each row, or None.

    The image with the longest common end of both paths is chosen; a row has no image if
    the paths differ below `root`, or if two images match equally. File names may lack
    their extension, and numbers their leading zeros.
    """
    images, rows = list(map(_parts, names)), list(map(_parts, files))
    hits: list[tuple[int, int] | None] = [None] * len(rows)
    for way in (str, _stem, _number):
        left = [row for row, hit in enumerate(hits) if hit is None]
        if not left:
            break
        search = _Search([_with_end(parts, way) for parts in images])
        taken = {hit[0] for hit in hits if hit}
        for row in left:
            hit = search.find(_with_end(rows[row], way))
            hits[row] = None if hit and hit[0] in taken else hit
    right = _right_bases(rows, hits, _parts(str(root.absolute())) if root else ())
    return [
        names[hit[0]] if hit and rows[row][: hit[1]] in right else None
        for row, hit in enumerate(hits)
    ]


# === Text and cells ===


def _text(path: Path, given: str | os.PathLike) -> str:
    try:
        text = _decoded(read_bytes(path, MAX_TEXT_BYTES), given)
    except UnicodeError as error:
        raise InputError(f"Cannot read the label file {given}: {NO_TEXT}.") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"Cannot read the label file {given}: {reason}.") from error
    if BINARY.search(text):
        raise InputError(f"Cannot read the label file {given}: {NO_TEXT}.")
    if text.lstrip().startswith("<"):
        raise InputError(f"The label file {given} is {download_text(path)}")
    return unicodedata.normalize("NFC", text.rstrip("\x1a"))


def _decoded(content: bytes, path: str | os.PathLike) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16")
    # UTF-16 without a byte order mark: every second byte of most text is 0.
    if content[1:2] == b"\0" or content[:1] == b"\0":
        return content.decode("utf-16-be" if content[:1] == b"\0" else "utf-16-le")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Windows' superset of Latin-1.
        text = content.decode("cp1252")
    if not BINARY.search(text):
        say_once(
            f"{path} is not UTF-8 and is read as Latin-1 (Windows-1252). If it has "
            "another encoding, save it as UTF-8."
        )
    return text


def _separator(lines: Sequence[str]) -> str | None:
    """The separator that occurs equally often in both lines; None for spaces."""
    names, row = (*lines, "", "")[:2]
    marks = [mark for mark in SEPARATORS if mark in names]
    if "\t" in marks and row and "\t" not in row:
        marks.remove("\t")  # A tab among spaces.
    if len(marks) < 2:
        return marks[0] if marks else None
    alike = [mark for mark in marks if names.count(mark) == row.count(mark)]
    return max(alike or marks, key=names.count)


def _divided_by_blanks(lines: Sequence[str], start: int) -> Iterator[Line]:
    names = lines[start].replace('"', "").split()  # R writes quotation marks.
    unnamed = bool(names) and names[0].lower() not in FILE_COLUMNS
    yield start + 1, ["file", *names] if unnamed else names
    for number, line in enumerate(lines[start + 1 :], start + 2):
        if line.strip():
            # From the right, since file names may contain spaces.
            cells = line.strip().rsplit(None, len(names) + unnamed - 1)
            yield number, [cell.strip('"') for cell in cells]


def _divided_by(
    separator: str, lines: Sequence[str], start: int, path: str | os.PathLike
) -> Iterator[Line]:
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


def _named(rows: Iterator[Line]) -> Iterator[Line]:
    """Names the file column if it has no name, and drops empty cells at the end."""
    top, header = next(rows, (0, []))
    first = next(rows, (0, []))
    if len(_trimmed(first[1])) <= len(_trimmed(header)):
        header = _trimmed(header)
    elif len(first[1]) == len(header) + 1 and is_picture(first[1][0]):
        header = ["file", *header]  # CelebA and R's `write.table` omit it.
    if header:
        yield top, header
    for number, row in itertools.chain([first] if first[1] else [], rows):
        yield number, row if len(row) <= len(header) else _trimmed(row, len(header))


def _trimmed(cells: list[str], least: int = 0) -> list[str]:
    """Removes empty cells from separators at the end of a line."""
    end = len(cells)
    while end > least and not cells[end - 1]:
        end -= 1
    return cells[:end]


def _file_column(header: Sequence[str], row: Sequence[str]) -> int:
    """The column with a file-like name, or else one that contains an image's name."""
    named = [c for c, name in enumerate(header) if name.lower() in FILE_COLUMNS]
    places = named or range(len(header))
    images = (c for c in places if c < len(row) and is_picture(row[c]))
    return next(images, named[0] if named else 0)


# === Rows and images ===


def _parts(path: str) -> Parts:
    """Folders and file name, without drive, `.`, and `..`."""
    path = unicodedata.normalize("NFC", path).replace("\\", "/")
    parts: list[str] = []
    for name in re.sub(r"^(\w+:)?/*", "", path).split("/"):
        if name == "..":
            del parts[-1:]
        elif name not in ("", "."):
            parts.append(name)
    return tuple(parts)


def _with_end(parts: Parts, way: Callable[[str], str]) -> Parts:
    end = way(parts[-1]) if parts else ""
    return (*parts[:-1], end) if end else ()


def _stem(name: str) -> str:
    """The name without the extension of an image."""
    return name.rpartition(".")[0] if is_picture(name) else name


def _number(name: str) -> str:
    """`123` for `000123.jpg`, `123`, and `123.0`, which spreadsheets write."""
    digits = re.fullmatch(r"0*(\d+?)(\.0)?", _stem(name))
    return digits[1] if digits else ""


class _Search:
    """Finds the image whose path has the longest common end with a row's.

    Args:
        images: their paths; empty ones cannot be found.
    """

    def __init__(self, images: Sequence[Parts]):
        self._by_path: dict[Parts, int | None] = {}
        self._by_end: dict[Parts, int | None] = {}  # None: ambiguous
        for image, parts in enumerate(images):
            if not parts:
                continue
            self._by_path[parts] = None if parts in self._by_path else image
            for start in range(1, len(parts)):
                end = parts[start:]
                self._by_end[end] = None if end in self._by_end else image

    def find(self, row: Parts) -> tuple[int, int] | None:
        """(image, number of the row's folders above the images' root), or None."""
        for start in range(len(row)):
            if row[start:] in self._by_path:
                image = self._by_path[row[start:]]
                return None if image is None else (image, start)
        image = self._by_end.get(row)
        return None if image is None else (image, 0)


def _right_bases(
    rows: Sequence[Parts], hits: Sequence[tuple[int, int] | None], root: Parts
) -> set[Parts]:
    """The folders that valid rows have in front of the images' relative paths.

    A table may cover several folders, of which `root` is one: the one with the longest
    common end. If none has any, the folders are valid only if no two rows refer to the
    same image, and all rows name a folder.
    """
    images: dict[Parts, set[int]] = defaultdict(set)
    in_base = set()  # Bases that directly contain an image.
    for row, hit in zip(rows, hits, strict=True):
        if hit is not None:
            base = row[: hit[1]]
            images[base].add(hit[0])
            if len(row) == len(base) + 1:
                in_base.add(base)
    named = [base for base in images if base]
    best = max((_common_end(base, root) for base in named), default=0)
    right = [base for base in named if _common_end(base, root) == best]
    claims = Counter(image for base in right for image in images[base])
    if any(count > 1 for count in claims.values()) or (not best and images[()]):
        return {()}
    flat = [] if best else [base for base in right if base in in_base]
    if root and flat:
        named = shortened("/".join(flat[0])) + (", …" if len(flat) > 1 else "")
        say_once(
            f"The rows of the label file name the folder {named}, but the images are "
            f"in {root[-1]}. These are assumed to be the same."
        )
    return {(), *right}


def _common_end(a: Parts, b: Parts) -> int:
    pairs = zip(reversed(a), reversed(b), strict=False)
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))


def _first(names: Sequence[str]) -> str:
    listed = ", ".join(map(shortened, names[:3]))
    return listed + (", …" if len(names) > 3 else "")
