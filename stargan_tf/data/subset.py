"""Some pictures of a source, or some of its labels."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from stargan_tf.data.info import ONE_HOT, DatasetInfo, composed
from stargan_tf.data.labelled_images import LabelledImages, Originals
from stargan_tf.errors import InputError


def choose_domains(source: LabelledImages, wanted: Sequence[str]) -> LabelledImages:
    """Keeps some labels, in the given order.

    Args:
        source: images with any labels.
        wanted: domain names; none means all.

    Returns:
        The images with those labels; with one-hot labels only the images that show
        one of them.

    Raises:
        InputError: if there is no such domain, or no such image.
    """
    info = source.info
    if not wanted:
        return source
    wanted = [composed(name) for name in wanted]
    columns = [info.index(name) for name in wanted]
    groups = [tuple(n for n in group if n in wanted) for group in info.exclusive_groups]
    groups = tuple(group for group in groups if len(group) > 1)
    chosen = DatasetInfo(
        info.name, tuple(wanted), info.label_type, info.image_size, groups
    )
    labels = source.labels[:, columns]
    source = replace(source, info=chosen, labels=labels)
    rows = np.flatnonzero(labels.any(axis=1))
    if info.label_type != ONE_HOT or len(rows) == len(source):
        return source
    if not len(rows):
        raise InputError(f"No image of '{info.name}' is of {', '.join(wanted)}.")
    return subset(source, rows)


def subset(source: LabelledImages, rows: np.ndarray) -> LabelledImages:
    """Some images of a source.

    Args:
        source: the images.
        rows: int array; which ones, ascending.
    """
    load, originals = source.load, source.originals
    digest = hashlib.sha256(rows.astype("<i8").tobytes()).hexdigest()[:16]
    return replace(
        source,
        labels=source.labels[rows],
        names=tuple(source.names[row] for row in rows),
        load=lambda index, *size: load(int(rows[index]), *size),
        fingerprint=f"{source.fingerprint}/{digest}",
        originals=originals
        and Originals(
            size=lambda index: originals.size(int(rows[index])),
            read=lambda index: originals.read(int(rows[index])),
        ),
    )
