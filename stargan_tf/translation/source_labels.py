"""The labels that pictures have before translation: given, or predicted."""

from typing import Protocol

import numpy as np

from stargan_tf.data.info import ONE_HOT
from stargan_tf.data.label_space import LabelSpace
from stargan_tf.translation.targets import Target, apply_target, binarise


class LabelModel(Protocol):
    """What translation by label asks of a model; `StarGAN` has it."""

    label_space: LabelSpace

    def translate(
        self,
        images: np.ndarray,
        labels: np.ndarray,
        dataset: int = 0,
        mask: int | None = None,
    ) -> np.ndarray:
        """Redraws images so that they show the labels."""
        ...

    def classify(self, images: np.ndarray, dataset: int = 0) -> np.ndarray:
        """Probabilities of the labels."""
        ...


def source_labels(
    model: LabelModel, images: np.ndarray, dataset: int, given: Target | None
) -> np.ndarray:
    """The labels that pictures have.

    Args:
        model: predicts what is not given.
        images: uint8 (n, h, w, 3), the shorter side the model's image size.
        dataset: index of the data set whose labels are asked for.
        given: the user's own words, if any; what they do not name is off.

    Returns:
        float32 (n, c), 0 or 1.
    """
    info = model.label_space.datasets[dataset]
    nothing = np.zeros((len(images), len(info.domains)), np.float32)
    if given is not None and given.dataset == dataset:
        return apply_target(info, nothing, given.changes)
    if info.label_type == ONE_HOT:
        # The target will say everything: asking the discriminator would be in vain.
        return nothing
    squares = _centre_squares(images, info.image_size)
    return binarise(info, model.classify(squares, dataset=dataset))


def _centre_squares(images: np.ndarray, side: int) -> np.ndarray:
    # The discriminator takes squares only; the shorter side already has its size.
    top, left = (images.shape[1] - side) // 2, (images.shape[2] - side) // 2
    return images[:, top : top + side, left : left + side]
