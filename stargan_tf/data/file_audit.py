"""What lies in a data set's folder: pictures, what is passed over, and why."""

import os
from dataclasses import dataclass
from pathlib import Path

from stargan_tf.data.listing import IgnoredFile, existing_folder, find_pictures


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
    listing = find_pictures(root)
    return FileAudit(root, listing.names, listing.left_out)
