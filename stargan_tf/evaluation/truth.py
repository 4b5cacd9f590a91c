"""What a perfect translation is, for images of which that is known."""

from collections.abc import Callable

import numpy as np

from stargan_tf.data.dataset_options import HELD_OUT, DatasetOptions
from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.labelled_images import LabelledImages
from stargan_tf.errors import InputError
from stargan_tf.evaluation.task import Translated

# (name of a held-out image, label, image size) → uint8 image, or None.
Truth = Callable[[str, np.ndarray, int], np.ndarray | None]


def no_picture(name: str, label: np.ndarray, image_size: int) -> None:
    """The truth about images of which nothing more is known.

    Args:
        name: not used.
        label: not used.
        image_size: not used.
    """


def true_images(
    truth: Truth, batch: Translated, image_size: int
) -> tuple[np.ndarray, np.ndarray]:
    """The true translations of a batch.

    Args:
        truth: gives one.
        batch: what was translated.
        image_size: side in pixels.

    Returns:
        Bool array (n,): of which images it is known; and those, uint8 (k, s, s, 3).

    Raises:
        InputError: if a function of the user's gives something else.
    """
    pairs = zip(batch.names, batch.labels, strict=True)
    found = [truth(name, label, image_size) for name, label in pairs]
    known = np.array([image is not None for image in found])
    images = [np.asarray(image) for image in found if image is not None]
    for image in images:
        if image.dtype != np.uint8 or image.shape != (image_size, image_size, 3):
            raise InputError(
                f"A true image must be uint8 of shape {(image_size, image_size, 3)}. "
                f"Received: {image.dtype} of shape {image.shape}"
            )
    return known, np.stack(images) if images else np.zeros((0, 1, 1, 3), np.uint8)


def drawn_truth(source: LabelledImages) -> Truth:
    """The truth about held-out drawn faces, which can be drawn with any label.

    Args:
        source: the held-out split of any data set.

    Returns:
        A function that knows every image of a drawn set, and none of another.
    """
    from stargan_tf.toon_faces.datasets import (
        TOON_ATTRIBUTES,
        TOON_EXPRESSIONS,
        true_translation,
    )

    drawn = {faces.name: faces for faces in (TOON_ATTRIBUTES, TOON_EXPRESSIONS)}
    info = source.info
    if info.name not in drawn:
        return no_picture
    every = drawn[info.name].load(HELD_OUT, info.image_size, DatasetOptions())
    known = dict(zip(every.names, every.labels, strict=True))

    def truth(name: str, label: np.ndarray, image_size: int) -> np.ndarray | None:
        whole = _completed(info, label, every.info, known[name])
        row = int(name.rpartition("_")[2])
        try:
            return true_translation(info.name, HELD_OUT, row, whole, image_size)
        except InputError:  # Such as no hair colour at all: nobody looks like that.
            return None

    return truth


def _completed(
    info: DatasetInfo, label: np.ndarray, every: DatasetInfo, known: np.ndarray
) -> np.ndarray:
    """A label of some domains as one of all; the others keep what they were."""
    whole = known.copy()
    for domain, value in zip(info.domains, label, strict=True):
        rivals = every.rivals(domain) if value else ()
        whole[[every.index(rival) for rival in rivals]] = 0.0
        whole[every.index(domain)] = value
    return whole
