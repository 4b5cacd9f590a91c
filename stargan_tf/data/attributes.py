"""`--dataset attributes`: a folder of images and a file with their attributes."""

import posixpath
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from absl import logging

from stargan_tf.data.attribute_file import read_attribute_file
from stargan_tf.data.built_in import DESCRIPTIONS, OWN_FILES
from stargan_tf.data.dataset import API_VERSION, Dataset
from stargan_tf.data.dataset_options import DatasetOptions
from stargan_tf.data.info import BINARY
from stargan_tf.data.labelled_images import LabelledImages
from stargan_tf.data.labels import Labels
from stargan_tf.data.listing import list_pictures
from stargan_tf.data.picture_set import picture_set
from stargan_tf.data.split import split_positions
from stargan_tf.errors import InputError

# The names of CelebA. An image with two of them on keeps its label, as in the official
# code (1.4 % of CelebA's faces): exclusive means that a translation turns the others
# off when it turns one on.
HAIR_COLOURS = ("Black_Hair", "Blond_Hair", "Brown_Hair", "Gray_Hair")


class AttributesDataset(Dataset):
    """The user's own images with any number of attributes each; labels are binary.

    A row of the attribute file finds its image by relative path, else by bare file
    name, else by file name without extension (CelebA's PNG edition keeps the names
    of the JPEGs). Every image needs a row; rows without an image are passed over with
    a warning, so that a part of a data set works with the whole set's file.
    """

    def labels_in(self, options: DatasetOptions) -> Labels:
        """The columns of the attribute file; known hair colours exclude each other.

        Args:
            options: uses `labels`.
        """
        _check_given(options)
        return _labels(read_attribute_file(options.labels, ()).attributes)

    def load(
        self, split: str, image_size: int, options: DatasetOptions
    ) -> LabelledImages:
        """Opens one split.

        Args:
            split: `"train"` or `"held_out"`.
            image_size: side of the square images.
            options: uses `data_dir`, `labels`, `attributes`, `crop_size`, `fit`,
                `held_out`.

        Returns:
            The images, sorted by name.

        Raises:
            InputError: if the folder or the file cannot be used, an attribute is
                missing, or an image has no row.
        """
        _check_given(options)
        root = self.folder(options)
        table = read_attribute_file(options.labels, options.attributes)
        info = _labels(table.attributes).info(self.name, image_size)
        names = list_pictures(root).names
        rows = _match(names, table.files, root, options.labels)
        kept = split_positions(names, split, options.held_out)
        chosen = [names[position] for position in kept]
        return picture_set(
            *(info, root, chosen, table.values[rows[kept]]),
            *(options.crop_size, options.fit),
        )


def _check_given(options: DatasetOptions) -> None:
    if options.data_dir is None or options.labels is None:
        raise InputError(
            "--dataset attributes needs --data_dir (a folder of images) and "
            "--labels (such as list_attr_celeba.txt, or a CSV)."
        )


def _labels(attributes: tuple[str, ...]) -> Labels:
    hair = tuple(name for name in attributes if name in HAIR_COLOURS)
    return Labels(attributes, BINARY, (hair,) if len(hair) > 1 else ())


ATTRIBUTES = AttributesDataset(
    api_version=API_VERSION,
    name="attributes",
    description=DESCRIPTIONS["attributes"],
    licence=OWN_FILES,
    citation="none: the pictures are your own",
    obtain="Put the images into a folder and their attributes into a table.",
)


def _match(
    names: Sequence[str], files: Sequence[str], root: Path, labels: str
) -> np.ndarray:
    """The row of each image: int64 array (number of images,)."""
    if not names:
        raise InputError(f"{root} holds no image.")
    found = _find_all(names, files)
    row_of: dict[str, int] = {}
    for row, name in enumerate(found):
        if name is not None and row_of.setdefault(name, row) != row:
            raise InputError(f"{labels} has two rows for the image {name}. Remove one.")
    without = [name for name in names if name not in row_of]
    if without:
        raise InputError(
            f"{labels} misses {len(without)} of the {len(names)} images in {root}: "
            f"{_first(without)}. Add their rows, or remove the images."
        )
    absent = [file for file, name in zip(files, found, strict=True) if name is None]
    if absent:
        logging.warning(
            "%d of %d rows of %s have no image in %s and are not used: %s",
            *(len(absent), len(files), labels, root, _first(absent)),
        )
    return np.array([row_of[name] for name in names])


def _find_all(names: Sequence[str], files: Sequence[str]) -> list[str | None]:
    """The image that each row means, or None."""
    ways = (posixpath.normpath, posixpath.basename, _stem)
    indexes = [(way, _index(names, way)) for way in ways]

    def find(file: str) -> str | None:
        path = file.replace("\\", "/")
        hits = (index.get(way(path)) for way, index in indexes)
        return next((hit for hit in hits if hit), None)

    return [find(file) for file in files]


def _stem(path: str) -> str:
    return posixpath.splitext(posixpath.basename(path))[0]


def _index(names: Sequence[str], way: Callable[[str], str]) -> dict[str, str | None]:
    """Key → name; None where two images share the key, so that neither is guessed."""
    index: dict[str, str | None] = {}
    for name in names:
        key = way(name)
        index[key] = None if key in index else name
    return index


def _first(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (", …" if len(names) > 3 else "")
