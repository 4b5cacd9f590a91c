"""Folders of splits with folders of domains: `train/cat/…`, `val/cat/…`."""

import itertools
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stargan_tf.data.dataset import Dataset
from stargan_tf.data.dataset_options import HELD_OUT, TRAIN, DatasetOptions
from stargan_tf.data.file_audit import FileAudit, audit_folder
from stargan_tf.data.info import composed
from stargan_tf.data.labelled_images import LabelledImages
from stargan_tf.data.picture_tree import PictureTree, tree_of, tree_pictures
from stargan_tf.data.tensorflow_sources import tfds_pictures
from stargan_tf.errors import InputError

if TYPE_CHECKING:
    import tensorflow_datasets as tfds


@dataclass(frozen=True, kw_only=True)
class SplitFolders(Dataset):
    """A data set whose authors divided it into folders.

    `data_dir` is the folder or the zip in which the splits' folders lie, at any depth.
    Without `data_dir` the pictures come from `builder`.

    Args:
        train_folder: name of the folder of the pictures to train on.
        held_out_folder: name of the folder of the others.
    """

    train_folder: str = "train"
    held_out_folder: str = "val"

    @abstractmethod
    def builder(self) -> "tfds.core.DatasetBuilder":
        """Of TensorFlow Datasets: splits `train` and `test`, features image, label."""

    def load(
        self, split: str, image_size: int, options: DatasetOptions
    ) -> LabelledImages:
        """Opens one split; the authors' division, `held_out` has no effect.

        Args:
            split: `"train"` or `"held_out"`.
            image_size: side of the square images in pixels.
            options: uses `data_dir`, `attributes` (domains), `crop_size`, `fit`.

        Returns:
            The images, domain after domain, sorted by name.

        Raises:
            InputError: if there are no such folders.
        """
        if options.data_dir is None:
            of_tfds = {TRAIN: "train", HELD_OUT: "test"}[split]
            wanted = (of_tfds, lambda e: e["label"], image_size, options)
            return tfds_pictures(self, self.builder(), *wanted)
        tree = tree_of(self, options)
        folder = {TRAIN: self.train_folder, HELD_OUT: self.held_out_folder}[split]
        names, classes = split_files(tree, folder, self.labels.names)
        return tree_pictures(self, tree, names, classes, image_size, options)

    def audit(self, options: DatasetOptions) -> FileAudit | None:
        """Lists the files, for `stargan-tf doctor`.

        Args:
            options: uses `data_dir`.

        Returns:
            The files; None for a zip and without `data_dir`.
        """
        if options.data_dir is None or tree_of(self, options).zipped:
            return None
        return audit_folder(options.data_dir)


def split_files(
    tree: PictureTree, folder: str, domains: Sequence[str]
) -> tuple[list[str], list[int]]:
    """The pictures below `folder/DOMAIN/`.

    Args:
        tree: folder or zip in which `folder` lies, at any depth.
        folder: of the split.
        domains: names of the domains' folders.

    Returns:
        The names, domain after domain, and each one's domain number.

    Raises:
        InputError: if `folder` is not there, is there twice, or a domain is empty.
    """
    places: dict[str, list[tuple[int, str]]] = {}
    for name in tree.names:
        parts = composed(name).split("/")
        for depth, (outer, inner) in enumerate(itertools.pairwise(parts[:-1])):
            if outer == folder and inner in domains:
                found = places.setdefault("/".join(parts[:depth]), [])
                found.append((domains.index(inner), name))
                break
    _check_places(places, tree, folder, domains)
    pairs = sorted(next(iter(places.values())))
    return [name for _, name in pairs], [number for number, _ in pairs]


def _check_places(
    places: Mapping[str, list[tuple[int, str]]],
    tree: PictureTree,
    folder: str,
    domains: Sequence[str],
) -> None:
    expected = f"Expected {folder}/{{{','.join(domains)}}}/ in {tree.path}"
    if len(places) > 1:
        here = ", ".join(place or "the top" for place in places)
        raise InputError(f"{expected}. It is in {len(places)} places: {here}.")
    if not places:
        raise InputError(f"{expected}. Received: {_seen(tree)}.")
    present = {number for number, _ in next(iter(places.values()))}
    empty = [name for number, name in enumerate(domains) if number not in present]
    if empty:
        raise InputError(f"{expected}. Received: no picture of {', '.join(empty)}.")


def _seen(tree: PictureTree) -> str:
    folders = sorted({name.rpartition("/")[0] or "the top" for name in tree.names})
    more = ", …" if len(folders) > 6 else ""
    return f"pictures in {', '.join(folders[:6])}{more}"
