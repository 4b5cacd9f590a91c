"""`stargan_tf.detect`: translates images to healthy ones to localize lesions."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from stargan_tf.data.pictures import to_float
from stargan_tf.detection import MAXIMUM, MEAN, REDUCTIONS
from stargan_tf.detection.scores import LEAST_PIXELS, Candidate, candidates
from stargan_tf.errors import InputError, check_choice

# Fraction of the model's range above which a difference is a candidate.
THRESHOLD = 0.05


@dataclass(frozen=True)
class Detection:
    """Detections in a batch of images.

    Attributes:
        healed: the translations to the healthy domain, of the type of the input.
        difference: float32 (n, height, width): absolute difference from the input, as a
            fraction of the model's range in [0, 1]; the maximum over the channels.
        scores: float32 (n,), higher for images with lesions.
        candidates: for each image, the components of its map above the threshold.
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
    """Localizes lesions in images.

    Args:
        model: a label model, such as `StarGAN` with `output="additive"` that was
            trained with `rectified=True` (the preset `detect`).
        images: (n, height, width, channels), uint8 or float in [-1, 1].
        healthy: the domain of healthy images; with binary labels, a target such as
            `"-Tumor"`.
        threshold: fraction of the model's range above which a difference counts, for
            candidates and for the score `"share"`.
        reduction: how to reduce a map to a score: `"maximum"`, `"mean"`, or `"share"`,
            the fraction of pixels above the threshold.
        least: minimum number of pixels of a candidate.
        batch_size: images per batch.

    Returns:
        The detections.

    Raises:
        InputError: if `healthy` is not a domain of the model, or an argument is out of
            range.

    Reference: Fixed-Point GAN (Siddiquee et al. 2019), sections 3 and 4: an image is
        translated to the healthy domain, and the difference localizes the disease.
    """
    check_choice("reduction", reduction, REDUCTIONS)
    if not 0.0 < threshold < 1.0:
        raise InputError(
            "threshold must be a fraction of the model's range, between 0 and 1. "
            f"Received: {threshold}"
        )
    images = np.asarray(images)
    healed = model.translate(images, healthy, batch_size=batch_size)
    difference = difference_map(images, healed)
    return Detection(
        healed,
        difference,
        reduced(difference, reduction, threshold),
        [candidates(image, threshold, least) for image in difference],
    )


def difference_map(images: np.ndarray, healed: np.ndarray) -> np.ndarray:
    """Absolute differences as fractions of the range, float32 (n, height, width)."""
    return np.abs(to_float(images) - to_float(healed)).max(axis=-1) / 2.0


def reduced(difference: np.ndarray, reduction: str, threshold: float) -> np.ndarray:
    """A score for each map (n, height, width): see `detect`."""
    if reduction == MAXIMUM:
        return difference.max(axis=(1, 2))
    if reduction == MEAN:
        return difference.mean(axis=(1, 2))
    return (difference > threshold).mean(axis=(1, 2), dtype=np.float32)
