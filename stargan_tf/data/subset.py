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
    source = relabelled(source, chosen, labels)
    rows = np.flatnonzero(labels.any(axis=1))
    if info.label_type != ONE_HOT or len(rows) == len(source):
        return source
    if not len(rows):
        raise InputError(f"No image of '{info.name}' is of {', '.join(wanted)}.")
    return subset(source, rows)


def relabelled(
    source: LabelledImages, info: DatasetInfo, labels: np.ndarray
) -> LabelledImages:
    """The same images with other labels.

    Args:
        source: the images.
        info: the meaning of the new labels.
        labels: float32 array (n, number of domains).
    """
    enlarge = source.enlarge

    def larger() -> LabelledImages:
        grown = enlarge()
        size = grown.info.image_size
        return relabelled(grown, replace(info, image_size=size), labels)

    return replace(source, info=info, labels=labels, enlarge=enlarge and larger)


def subset(source: LabelledImages, rows: np.ndarray) -> LabelledImages:
    """Some images of a source.

    Args:
        source: the images.
        rows: int array; which ones, ascending.
    """
    enlarge, originals = source.enlarge, source.originals
    return LabelledImages(
        info=source.info,
        labels=source.labels[rows],
        names=tuple(source.names[row] for row in rows),
        load=lambda index: source.load(int(rows[index])),
        fingerprint=f"{source.fingerprint}/{_digest(rows)}",
        enlarge=enlarge and (lambda: subset(enlarge(), rows)),
        originals=originals
        and Originals(
            size=lambda index: originals.size(int(rows[index])),
            read=lambda index: originals.read(int(rows[index])),
        ),
        version=source.version,
    )


def _digest(rows: np.ndarray) -> str:
    return hashlib.sha256(rows.astype("<i8").tobytes()).hexdigest()[:16]
