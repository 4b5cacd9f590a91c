"""Fréchet distance between two Gaussians, and the Inception distance made of it."""

import numpy as np

from stargan_tf.evaluation.feature_summary import FeatureSummary, check_comparable
from stargan_tf.evaluation.measurement import Measurement

# Below this many images the covariance of 2,048 features does not have full rank.
ENOUGH = 2048


def frechet_inception_distance(
    real: FeatureSummary, fake: FeatureSummary
) -> Measurement:
    """FID: how far the translations' features lie from the real ones; 0 is equal.

    Args:
        real: of the real images.
        fake: of the translations.

    Returns:
        A `Measurement` that carries the protocol; its note warns of few images.

    Raises:
        InputError: if the protocols differ, or one set has fewer than two images.

    Reference: Heusel et al. 2017, "GANs Trained by a Two Time-Scale Update Rule…",
        equation 6.
    """
    check_comparable(real, fake, "FID")
    value = frechet_distance(
        real.statistics.mean,
        real.statistics.covariance(),
        fake.statistics.mean,
        fake.statistics.covariance(),
    )
    counts = {"real": real.count, "fake": fake.count}
    note = None
    if min(counts.values()) < ENOUGH:
        note = (
            f"FID is biased upwards with fewer than {ENOUGH} images on a side; "
            "compare equal counts only, or use KID."
        )
    return Measurement("fid", value, counts, real.protocol, note=note)


def frechet_distance(
    mean_1: np.ndarray,
    covariance_1: np.ndarray,
    mean_2: np.ndarray,
    covariance_2: np.ndarray,
) -> float:
    """‖m₁ − m₂‖² + tr(C₁ + C₂ − 2 (C₁C₂)^½), in float64.

    Args:
        mean_1: mean of the first Gaussian (d,).
        covariance_1: its covariance (d, d), of any rank.
        mean_2: mean of the second (d,).
        covariance_2: its covariance (d, d).

    Returns:
        The squared distance, at least 0.
    """
    shift = np.sum((mean_1 - mean_2) ** 2)
    traces = np.trace(covariance_1) + np.trace(covariance_2)
    # With Cᵢ = FᵢFᵢᵀ the trace of (C₁C₂)^½ is the sum of the singular values of F₁ᵀF₂.
    # A square root of the product itself loses half of the digits where the rank is
    # not full, which is so whenever there are fewer images than features.
    product = _factor(covariance_1).T @ _factor(covariance_2)
    overlap = np.linalg.svd(product, compute_uv=False).sum()
    return float(max(shift + traces - 2 * overlap, 0.0))


def _factor(covariance: np.ndarray) -> np.ndarray:
    """F with FFᵀ = covariance; one column for each direction that varies."""
    values, vectors = np.linalg.eigh(covariance)
    noise = np.finfo(np.float64).eps * len(values) * max(values[-1], 0.0)
    kept = values > noise
    return vectors[:, kept] * np.sqrt(values[kept])
