"""Are the labels what the definition says they are?"""

from collections.abc import Iterator

import numpy as np

from stargan_tf.data.dataset_options import TRAIN
from stargan_tf.data.info import ONE_HOT, DatasetInfo
from stargan_tf.data.labelled_images import LabelledImages
from stargan_tf.testing.subject import Subject

# People make mistakes when they label: of CelebA's faces 1.4 % have two hair colours.
MISTAKES = 0.05


def check_info(subject: Subject) -> Iterator[str]:
    """Both splits are described as the definition describes them."""
    subject.doing = "asking for info(image_size, options)"
    expected = subject.definition.info(subject.image_size, subject.options)
    wanted = subject.options.attributes
    for split, images in subject.opened.items():
        found = images.info
        names = (("name", found.name, expected.name),)
        names += (("image_size", found.image_size, expected.image_size),)
        names += (("label_type", found.label_type, expected.label_type),)
        names += (("domains", found.domains, tuple(wanted) or expected.domains),)
        if not wanted:
            groups = found.exclusive_groups, expected.exclusive_groups
            names += (("exclusive_groups", *groups),)
        for what, received, should in names:
            if received != should:
                yield (
                    f"{split}: info.{what} must be {should!r}, as the definition says. "
                    f"Received: {received!r}"
                )


def check_values(subject: Subject) -> Iterator[str]:
    """float32 zeros and ones that fit the kind of labels."""
    for split, images in subject.opened.items():
        labels = images.labels
        if labels.dtype != np.float32:
            yield f"{split}: labels must be float32. Received: {labels.dtype}"
        strange = np.unique(labels[~np.isin(labels, (0, 1))])
        if strange.size:
            yield f"{split}: labels must be 0 or 1. Received: {strange[:5].tolist()}"
        elif images.info.label_type == ONE_HOT:
            yield from _check_one_hot(split, images)
        else:
            yield from _check_groups(split, images)


def _check_one_hot(split: str, images: LabelledImages) -> Iterator[str]:
    sums = images.labels.sum(axis=1)
    wrong = np.flatnonzero(sums != 1)
    if wrong.size:
        first = wrong[0]
        yield (
            f"{split}: one-hot labels must have exactly one 1. Received: "
            f"{int(sums[first])} for '{images.names[first]}' and so for {wrong.size} "
            "image(s)"
        )


def _check_groups(split: str, images: LabelledImages) -> Iterator[str]:
    for group in images.info.exclusive_groups:
        columns = [images.info.index(name) for name in group]
        share = (images.labels[:, columns].sum(axis=1) > 1).mean()
        if share > MISTAKES:
            yield (
                f"{split}: of {', '.join(group)} at most one may be on. Received: "
                f"several in {share:.0%} of the images"
            )


def check_every_domain_occurs(subject: Subject) -> Iterator[str]:
    """One-hot: the training split has a picture of each domain."""
    images = subject.opened[TRAIN]
    for name in _absent(images.info, images.labels):
        yield f"{TRAIN}: the domain '{name}' must have a picture. Received: none"


def _absent(info: DatasetInfo, labels: np.ndarray) -> list[str]:
    counts = labels.sum(axis=0)
    if info.label_type != ONE_HOT:
        return []
    return [n for n, count in zip(info.domains, counts, strict=True) if not count]


LABEL_CHECKS = (check_info, check_values, check_every_domain_occurs)
