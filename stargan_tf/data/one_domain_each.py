"""Images with binary attributes as images of one domain each, as StarGAN v2 takes."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from absl import logging

from stargan_tf.data.info import ONE_HOT, DatasetInfo
from stargan_tf.data.labelled_images import LabelledImages
from stargan_tf.data.subset import subset
from stargan_tf.errors import InputError

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
