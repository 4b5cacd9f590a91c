"""Some images of each domain: sources and references of pictures and metrics."""

import numpy as np

from stargan_tf.data.labelled_images import LabelledImages, UnreadableImage
from stargan_tf.errors import InputError


def images_by_domain(source: LabelledImages, count: int) -> dict[str, np.ndarray]:
    """The same images at each call, spread over each domain.

    Args:
        source: one split of a data set with one-hot labels.
        count: images per domain, at most; unreadable ones are passed over.

    Returns:
        Domain → uint8 array (k, s, s, 3), 1 ≤ k ≤ count, in the order of the labels.

    Raises:
        InputError: if a domain has no readable image.
    """
    classes = source.labels.argmax(axis=1)
    return {
        domain: _some(source, np.flatnonzero(classes == number), domain, count)
        for number, domain in enumerate(source.info.domains)
    }


def _some(
    source: LabelledImages, members: np.ndarray, domain: str, count: int
) -> np.ndarray:
    wanted = np.linspace(0, len(members) - 1, min(count, len(members)))
    images = []
    for index in members[wanted.round().astype(int)].tolist():
        try:
            images.append(source.load(index))
        except UnreadableImage:
            continue
    if not images:
        raise InputError(
            f"The domain '{domain}' has no readable image in this split of "
            f"'{source.info.name}' ({len(members)} in all). Add images."
        )
    return np.stack(images)
