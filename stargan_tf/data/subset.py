"""Some pictures of a source, or some of its labels."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from absl import logging

from stargan_tf.data.info import ONE_HOT, DatasetInfo, composed
from stargan_tf.data.source import LabelledImages, Originals
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


# Images with binary attributes as images of one domain each, as StarGAN v2 takes.

OTHERS = "Not_"


def one_domain_each(source: LabelledImages) -> LabelledImages:
    """Makes domains of attributes.

    Of one attribute become two domains, without and with it: `Not_Male`, `Male`. Of
    several attributes each becomes a domain; an image that shows none or more than
    one of them is left out, which a warning counts.

    Args:
        source: images with any labels; one-hot ones are returned as they are.

    Returns:
        The images that belong to one domain, with one-hot labels.

    Raises:
        InputError: if no image shows exactly one of the attributes.
    """
    if source.info.label_type == ONE_HOT:
        return source
    attributes, labels = source.info.domains, source.labels
    if len(attributes) == 1:
        attributes = (OTHERS + attributes[0], attributes[0])
        labels = np.concatenate([1 - labels, labels], axis=1)
    rows = np.flatnonzero(labels.sum(axis=1) == 1)
    _report(source, attributes, len(rows))
    info = DatasetInfo(source.info.name, attributes, ONE_HOT, source.info.image_size)
    return subset(replace(source, info=info, labels=labels), rows)


def _report(source: LabelledImages, domains: Sequence[str], kept: int) -> None:
    shown = f"exactly one of {', '.join(domains)}"
    choose = "Choose attributes that exclude each other, or one, with --attributes."
    if not kept:
        raise InputError(f"No image of '{source.info.name}' shows {shown}. {choose}")
    if kept < len(source):
        logging.warning(
            "%d of %d images of '%s' do not show %s and are left out. %s",
            *(len(source) - kept, len(source), source.info.name, shown, choose),
        )
