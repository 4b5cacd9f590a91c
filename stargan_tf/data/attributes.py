"""`--dataset attributes`: a folder of images and a table of their attributes."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from stargan_tf.data.attribute_file import (
    AttributeTable,
    find_images,
    match_rows,
    read_attribute_file,
)
from stargan_tf.data.dataset import Dataset
from stargan_tf.data.files import (
    FileAudit,
    audit_folder,
    say_left_out,
    split_positions,
)
from stargan_tf.data.info import BINARY
from stargan_tf.data.labels import Labels
from stargan_tf.data.options import SPLITS, TRAIN, DatasetOptions
from stargan_tf.data.picture_sources import labeled_files
from stargan_tf.data.registry import DESCRIPTIONS, OWN_FILES
from stargan_tf.data.source import LabeledImages
from stargan_tf.discovery import API_VERSION
from stargan_tf.errors import InputError


def audit_attributes(
    root: Path, labels: str | os.PathLike, attributes: Sequence[str] = ()
) -> FileAudit:
    """Lists the images of a folder, and mismatches between images and rows.

    Args:
        root: folder of the images.
        labels: the attribute file. If it cannot be read, the audit has no rows; loading
            the data set raises the error.
        attributes: the chosen columns; other columns may contain anything.
    """
    audit = _list_images(root, labels)
    try:
        files = read_attribute_file(labels, attributes).files
    except InputError:
        return audit
    matched = find_images(audit.names, files, root)
    rows = Counter(name for name in matched if name is not None)
    return replace(
        audit,
        rows_without_file=tuple(
            file for file, name in zip(files, matched, strict=True) if name is None
        ),
        files_without_row=tuple(name for name in audit.names if name not in rows),
        double_rows=tuple(name for name, count in rows.items() if count > 1),
    )


def _list_images(root: Path, labels: str | os.PathLike) -> FileAudit:
    """Audits the folder; a label file beside the images does not count as ignored."""
    audit = audit_folder(root)
    path = os.path.realpath(labels)
    ignored = tuple(
        file
        for file in audit.ignored
        if os.path.realpath(audit.root / file.name) != path
    )
    return replace(audit, ignored=ignored)


# Names in CelebA. Images with two of them on (1.4 % of CelebA) keep their labels, as in
# the official code: exclusive means that a translation that switches one of them on
# switches the others off.
HAIR_COLORS = ("Black_Hair", "Blond_Hair", "Brown_Hair", "Gray_Hair")


class AttributesDataset(Dataset):
    """Images in a folder with any number of attributes each; labels are binary.

    A row of the attribute file is matched to its image by relative path, or else by
    file name, or else by file name without extension (CelebA's PNG edition keeps the
    names of the JPEGs). Every image needs a row; rows without an image are skipped with
    a warning, so that a subset of a data set works with the complete file. With a
    column `domain`, labels are one-hot. Columns `group` and `split` determine which
    images stay together, and which are held out.
    """

    def labels_in(self, options: DatasetOptions) -> Labels:
        """The columns of the attribute file; known hair colors exclude each other."""
        _check_given(options)
        return _labels(read_attribute_file(options.labels))

    def load(
        self, split: str, image_size: int, options: DatasetOptions
    ) -> LabeledImages:
        """Opens one split; the images are sorted by name."""
        _check_given(options)
        root = self.folder(options)
        table = read_attribute_file(options.labels, options.attributes)
        info = _labels(table).info(self.name, image_size, options.num_channels)
        listed = _list_images(root, options.labels)
        say_left_out(root, listed.ignored)
        rows = match_rows(listed.names, table.files, root, options.labels)
        # Skips rows of domains that were not chosen.
        is_used = table.values[rows].any(axis=1) | (not table.is_one_hot)
        names = [n for n, used in zip(listed.names, is_used, strict=True) if used]
        rows = rows[is_used]
        training, held_out = _divided(names, table, rows, options.held_out)
        kept = training if split == TRAIN else held_out
        return labeled_files(
            info,
            root,
            [names[position] for position in kept],
            table.values[rows[kept]],
            options,
            training=[names[position] for position in training],
            groups=[table.groups[row] for row in rows[kept]] if table.groups else (),
        )

    def audit(self, options: DatasetOptions) -> FileAudit:
        """Lists the files and rows; uses `data_dir`, `labels`, `attributes`."""
        _check_given(options)
        return audit_attributes(
            self.folder(options), options.labels, options.attributes
        )


def _check_given(options: DatasetOptions) -> None:
    if options.data_dir is None or options.labels is None:
        raise InputError(
            "--dataset attributes needs --data_dir (a folder of images) and --labels "
            "(such as list_attr_celeba.txt, or a CSV file)."
        )


def _divided(
    names: Sequence[str], table: AttributeTable, rows: np.ndarray, held_out: float
) -> list[np.ndarray]:
    """Positions of the training images and of the held-out images.

    They are split by the table; without a column `split`, by the name of each group or
    image.
    """
    if table.splits:
        splits = np.array(table.splits)[rows]
        return [np.flatnonzero(splits == split) for split in SPLITS]
    if not table.groups:
        return [split_positions(names, split, held_out) for split in SPLITS]
    groups, members = np.unique(np.array(table.groups)[rows], return_inverse=True)
    chosen = (split_positions(groups, split, held_out) for split in SPLITS)
    return [np.flatnonzero(np.isin(members, some)) for some in chosen]


def _labels(table: AttributeTable) -> Labels:
    if table.is_one_hot:
        return Labels(table.attributes)
    hair = tuple(name for name in table.attributes if name in HAIR_COLORS)
    return Labels(table.attributes, BINARY, (hair,) if len(hair) > 1 else ())


ATTRIBUTES = AttributesDataset(
    api_version=API_VERSION,
    name="attributes",
    description=DESCRIPTIONS["attributes"],
    license=OWN_FILES,
    citation="none: the images are your own",
    obtain="Put the images into a folder and their attributes into a table.",
)
