"""`stargan_tf.detect`: heals images, and shows where they were ill."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from stargan_tf.data.pictures import to_float
from stargan_tf.detection.scores import LEAST_PIXELS, Candidate, candidates
from stargan_tf.errors import InputError, check_choice

MAXIMUM, MEAN, SHARE = REDUCTIONS = ("maximum", "mean", "share")
# Of the model's range, above which a difference is a candidate.
THRESHOLD = 0.05


@dataclass(frozen=True)
class Detection:
    """What was found in some images.

    Attributes:
        healed: the images as the model draws them healthy, of the type of the input.
        difference: float32 (n, height, width): by how much of the model's range they
            differ from the input, from 0 to 1, the largest over the channels.
        scores: float32 (n,), higher for ill.
        candidates: of each image the parts of its map above the threshold.
    """

    healed: np.ndarray
    difference: np.ndarray
    scores: np.ndarray
    candidates: list[list[Candidate]]


def detect(
    model: Any,
    images: np.ndarray,
    healthy: str = "healthy",
    *,
    threshold: float = THRESHOLD,
    reduction: str = MAXIMUM,
    least: int = LEAST_PIXELS,
    batch_size: int = 16,
) -> Detection:
    """Finds where images are not healthy.

    Args:
        model: a label model, such as `StarGAN` with `output="additive"` that was
            trained with `rectified=True` (the preset `detect`).
        images: (n, height, width, channels), uint8 or float in [-1, 1].
        healthy: the domain of the healthy; with binary labels, a target such as
            `"-Tumor"`.
        threshold: share of the model's range above which a difference counts, for
            candidates and for the score `"share"`.
        reduction: how a map becomes a score: `"maximum"`, `"mean"`, or `"share"`, of
            the pixels above the threshold.
        least: pixels that a candidate has at least.
        batch_size: images at a time.

    Returns:
        The `Detection`.

    Raises:
        InputError: if `healthy` is no domain of the model, or an argument is out of
            range.

    Reference: Fixed-Point GAN (Siddiquee et al. 2019), sections 3 and 4: an image is
        translated to the healthy domain, and the difference localizes the disease.
    """
    check_choice("reduction", reduction, REDUCTIONS)
    if not 0.0 < threshold < 1.0:
        raise InputError(
            "threshold is a share of the model's range, between 0 and 1. "
            f"Received: {threshold}"
        )
    images = np.asarray(images)
    healed = model.translate(images, healthy, batch_size=batch_size)
    difference = difference_map(images, healed)
    return Detection(
        healed,
        difference,
        reduced(difference, reduction, threshold),
        [candidates(one, threshold, least) for one in difference],
    )


def difference_map(images: np.ndarray, healed: np.ndarray) -> np.ndarray:
    """Shares of the range by which images differ, float32 (n, height, width)."""
    return np.abs(to_float(images) - to_float(healed)).max(axis=-1) / 2.0


def reduced(difference: np.ndarray, reduction: str, threshold: float) -> np.ndarray:
    """A score for each map (n, height, width): see `detect`."""
    if reduction == MAXIMUM:
        return difference.max(axis=(1, 2))
    if reduction == MEAN:
        return difference.mean(axis=(1, 2))
    return (difference > threshold).mean(axis=(1, 2), dtype=np.float32)
