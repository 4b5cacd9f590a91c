"""Fréchet distance between two Gaussians, and the Inception distance made of it."""

import math

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
    value = _distance(
        real.statistics.mean,
        _summary_factor(real),
        fake.statistics.mean,
        _summary_factor(fake),
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
    return _distance(mean_1, _factor(covariance_1), mean_2, _factor(covariance_2))


def _distance(
    mean_1: np.ndarray, factor_1: np.ndarray, mean_2: np.ndarray, factor_2: np.ndarray
) -> float:
    # With Cᵢ = FᵢFᵢᵀ the trace of (C₁C₂)^½ is the sum of the singular values of F₁ᵀF₂.
    # A square root of the product itself loses half of the digits where the rank is
    # not full, which is so whenever there are fewer images than features.
    overlap = np.linalg.svd(factor_1.T @ factor_2, compute_uv=False).sum()
    traces = np.sum(factor_1**2) + np.sum(factor_2**2)
    shift = np.sum((mean_1 - mean_2) ** 2)
    return float(max(shift + traces - 2 * overlap, 0.0))


def _summary_factor(summary: FeatureSummary) -> np.ndarray:
    """The factor of a summary's covariance."""
    features = summary.sample.features
    if len(features) == summary.count < features.shape[1]:
        # All vectors of a small set are at hand, and they are a factor themselves.
        centred = features.astype(np.float64) - summary.statistics.mean
        return centred.T / math.sqrt(summary.count - 1)
    return _factor(summary.statistics.covariance())


def _factor(covariance: np.ndarray) -> np.ndarray:
    """F with FFᵀ = covariance; one column for each direction that varies."""
    values, vectors = np.linalg.eigh(covariance)
    noise = np.finfo(np.float64).eps * len(values) * max(values[-1], 0.0)
    kept = values > noise
    return vectors[:, kept] * np.sqrt(values[kept])
