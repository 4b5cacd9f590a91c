"""The files of a folder of images, held against the rows of an attribute file."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from stargan_tf.data.attribute_file import read_attribute_file
from stargan_tf.data.attribute_rows import find_images
from stargan_tf.data.file_audit import FileAudit, audit_folder
from stargan_tf.errors import InputError


def audit_attributes(
    root: Path, labels: str | os.PathLike, attributes: Sequence[str] = ()
) -> FileAudit:
    """Lists the pictures, and where they and the rows do not match.

    Args:
        root: folder of the images.
        labels: the attribute file. One that cannot be read leaves the rows out of the
            audit; loading the data set says why.
        attributes: the chosen columns, as other ones may hold anything.
    """
    audit = list_images(root, labels)
    try:
        files = read_attribute_file(labels, attributes).files
    except InputError:
        return audit
    found = find_images(audit.names, files, root)
    rows = Counter(name for name in found if name is not None)
    return replace(
        audit,
        rows_without_file=tuple(
            file for file, name in zip(files, found, strict=True) if name is None
        ),
        files_without_row=tuple(name for name in audit.names if name not in rows),
        double_rows=tuple(name for name, count in rows.items() if count > 1),
    )


def list_images(root: Path, labels: str | os.PathLike) -> FileAudit:
    """Lists the pictures; the label file may lie beside them and is not left out then.

    Args:
        root: folder of the images.
        labels: the attribute file.
    """
    audit = audit_folder(root)
    path = os.path.realpath(labels)
    ignored = tuple(
        file
        for file in audit.ignored
        if os.path.realpath(audit.root / file.name) != path
    )
    return replace(audit, ignored=ignored)
