"""What lies in a data set's folder: pictures, what is passed over, and why.

A definition may have a method `audit(options) -> FileAudit`. It is optional: with it
`stargan-tf doctor` looks at the files themselves, without it at the loaded images.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from stargan_tf.data.dataset_options import DatasetOptions
from stargan_tf.data.listing import existing_folder, is_picture, walk

HIDDEN = "hidden: the name starts with a dot"
EMPTY = "a folder without pictures"
OUTSIDE = "a picture beside the domains' folders, in none of them"


@dataclass(frozen=True)
class IgnoredFile:
    """A file or folder that no picture is taken from.

    Args:
        name: path relative to the data set's folder; a folder's ends in `/`.
        reason: why, in a few words.
    """

    name: str
    reason: str


@dataclass(frozen=True)
class FileAudit:
    """The files of a data set.

    Args:
        root: the folder.
        names: its pictures, relative to `root`, as in `LabelledImages.names`.
        ignored: what else is there.
        rows_without_file: lines of a label file whose picture is not there.
        files_without_row: pictures that the label file does not know.
        double_rows: pictures that the label file has more than once.
    """

    root: Path
    names: tuple[str, ...]
    ignored: tuple[IgnoredFile, ...] = ()
    rows_without_file: tuple[str, ...] = ()
    files_without_row: tuple[str, ...] = ()
    double_rows: tuple[str, ...] = ()


@runtime_checkable
class Audited(Protocol):
    """A data set definition that can list its files."""

    def audit(self, options: DatasetOptions) -> FileAudit:
        """Lists the files.

        Args:
            options: what the user said.

        Raises:
            InputError: if the folder or the label file cannot be read at all.
        """
        ...


def audit_folder(folder: str | os.PathLike) -> FileAudit:
    """Lists a folder and its sub-folders.

    Args:
        folder: where to look.

    Returns:
        Its pictures, sorted, and everything that is passed over.

    Raises:
        InputError: if it is not a folder.
    """
    root = existing_folder(folder)
    names: list[str] = []
    ignored: list[IgnoredFile] = []
    for place, folders, files in walk(root):
        inside = Path(place).relative_to(root)
        ignored += [_ignored(inside, f"{name}/", HIDDEN) for name in _hidden(folders)]
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        if not folders and not any(map(is_picture, files)) and inside.parts:
            ignored.append(_ignored(inside, "", EMPTY))
        for name in files:
            reason = _reason(name)
            if reason:
                ignored.append(_ignored(inside, name, reason))
            else:
                names.append((inside / name).as_posix())
    return FileAudit(root, tuple(sorted(names)), tuple(sorted(ignored, key=_by_name)))


def _hidden(names: list[str]) -> Iterator[str]:
    return (name for name in names if name.startswith("."))


def _reason(name: str) -> str | None:
    if name.startswith("."):
        return HIDDEN
    if is_picture(name):
        return None
    extension = os.path.splitext(name)[1].lower()
    return f"{extension or 'no extension'}: not read as a picture"


def _ignored(inside: Path, name: str, reason: str) -> IgnoredFile:
    return IgnoredFile(f"{inside.as_posix()}/{name}".removeprefix("./"), reason)


def _by_name(file: IgnoredFile) -> str:
    return file.name
