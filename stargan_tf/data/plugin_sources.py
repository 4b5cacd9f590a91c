"""A plugin's pictures with random access: files, or anything read by number."""

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from stargan_tf.data.dataset import Dataset
from stargan_tf.data.dataset_options import DatasetOptions
from stargan_tf.data.labelled_images import LabelledImages, Originals
from stargan_tf.data.picture_set import (
    Picture,
    numbered_pictures,
    picture_set,
    square_settings,
)
from stargan_tf.data.subset import choose_domains
from stargan_tf.errors import InputError

Values = np.ndarray | Sequence | None


def picture_files(
    dataset: Dataset,
    root: str | os.PathLike,
    names: Sequence[str],
    values: Values,
    image_size: int,
    options: DatasetOptions,
) -> LabelledImages:
    """Picture files and their labels.

    Nothing is opened here; each file is decoded, cropped (`options.crop_size`,
    `options.fit`) and resized when it is used, and `options.attributes` chooses.

    Args:
        dataset: whose they are.
        root: folder of the files.
        names: paths relative to `root`, with `/`.
        values: for one-hot labels class numbers (n,), else 0 and 1,
            (n, number of labels); None for a data set without labels.
        image_size: side of the square images in pixels.
        options: what the user said.

    Returns:
        The images.

    Raises:
        InputError: if labels do not fit, or there is no image.
    """
    info = dataset.info(image_size, options)
    vectors = label_vectors(dataset, values, len(names), options)
    source = picture_set(info, Path(root), names, vectors, options)
    return choose_domains(source, options.attributes)


def pictures(
    dataset: Dataset,
    names: Sequence[str],
    values: Values,
    read: Callable[[int], Picture],
    fingerprint: str,
    image_size: int,
    options: DatasetOptions,
    originals: Originals | None = None,
) -> LabelledImages:
    """Pictures that are read by number, from an archive or a database.

    Args:
        dataset: whose they are.
        names: n short names, each one once.
        values: as in `picture_files`.
        read: number → a path, the bytes of a picture file, or a uint8 array
            (h, w, 3), (h, w, 1) or (h, w) of any size; called from many threads.
        fingerprint: text that changes when a picture does, such as a version and a
            split; size and crop are added here.
        image_size: side of the square images in pixels.
        options: what the user said.
        originals: sizes and contents of the files that hold the pictures, by which a
            run recognizes its data; None where pictures are no files.

    Returns:
        The images.

    Raises:
        InputError: if labels do not fit, or there is no image.
    """
    settings = square_settings(image_size, options)
    digest = hashlib.sha256(f"{dataset.name} {fingerprint} {settings}".encode())
    source = numbered_pictures(
        info=dataset.info(image_size, options),
        names=names,
        labels=label_vectors(dataset, values, len(names), options),
        read=read,
        options=options,
        fingerprint=digest.hexdigest(),
        originals=originals,
        version=fingerprint,
    )
    return choose_domains(source, options.attributes)


def label_vectors(
    dataset: Dataset, values: Values, count: int, options: DatasetOptions
) -> np.ndarray:
    """float32 (count, number of labels); InputError if the values do not fit."""
    labels = dataset.labels_in(options)
    if labels is None:
        return np.ones((count, 1), np.float32)
    if values is None or len(values) != count:
        received = "none" if values is None else f"{len(values)} labels"
        raise InputError(
            f"Data set '{dataset.name}' must give a label for each of its {count} "
            f"pictures. Received: {received}"
        )
    # An empty split has no shape to go by; `LabelledImages` says what is wrong with it.
    empty = np.zeros((0, len(labels.names)), np.float32)
    return labels.vectors(values) if count else empty
