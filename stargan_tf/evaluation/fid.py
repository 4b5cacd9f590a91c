"""FID and KID: distances between the Inception features of two sets of images."""

import math
from collections.abc import Mapping

import numpy as np

from stargan_tf.errors import InputError
from stargan_tf.evaluation.measures import Measurement

SAMPLE_LIMIT = 5000
# Below this many images the covariance of 2,048 features does not have full rank.
ENOUGH = 2048
ROWS_AT_ONCE = 1000
# Name of a stored array → attribute of a `FeatureSummary`.
_STORED = {
    "protocol": "protocol",
    "statistics/count": "count",
    "statistics/mean": "mean",
    "statistics/scatter": "scatter",
    "sample/limit": "sample_limit",
    "sample/seed": "seed",
    "sample/features": "sample",
    "sample/draws": "_draws",
}


class FeatureSummary:
    """What is kept of the features of one set of images.

    Mean and covariance in float64 for FID, and a uniform random sample for KID. Neither
    the batch size nor the order changes the statistics by more than rounding. Whether a
    vector stays in the sample depends on the seed and its position alone, so the batch
    size does not matter; up to `sample_limit` vectors all stay.

    Args:
        protocol: name of the protocol that the features come from.
        width: length of a feature vector.
        sample_limit: most vectors kept for KID; 5,000 of width 2,048 take 40 MB.
        seed: decides which vectors are kept if there are more.
    """

    def __init__(
        self,
        protocol: str,
        width: int = 2048,
        sample_limit: int = SAMPLE_LIMIT,
        seed: int = 0,
    ):
        self.protocol, self.sample_limit, self.seed = protocol, sample_limit, seed
        self.count = 0
        self.mean = np.zeros(width)
        self.scatter = np.zeros((width, width))
        self.sample = np.zeros((0, width), np.float32)
        self._draws = np.zeros(0)

    def update(self, features: np.ndarray) -> None:
        """Adds a batch.

        Args:
            features: float array (n, width), from a `FeatureExtractor`.

        Raises:
            InputError: if a feature is not a number.
        """
        if not np.isfinite(features).all():
            raise InputError(
                "Features must be finite. Received: NaN or infinity; the images or "
                "the model's weights are broken."
            )
        if not len(features):
            return
        features = np.asarray(features, np.float32)
        self._update_sample(features)
        # Chan, Golub and LeVeque (1979): merges without losing digits.
        features = features.astype(np.float64)
        total = self.count + len(features)
        center = features.mean(axis=0)
        shift, features = center - self.mean, features - center
        self.scatter += features.T @ features
        self.scatter += np.outer(shift, shift * (self.count * len(features) / total))
        self.mean += shift * (len(features) / total)
        self.count = total

    def covariance(self) -> np.ndarray:
        """The unbiased covariance (width, width); needs two vectors or more."""
        return self.scatter / (self.count - 1)

    def state(self) -> dict[str, np.ndarray]:
        """Everything accumulated, as arrays for `numpy.savez`."""
        return {key: np.array(getattr(self, name)) for key, name in _STORED.items()}

    @classmethod
    def from_state(cls, state: Mapping[str, np.ndarray]) -> "FeatureSummary":
        """The inverse of `state`; the arrays may be those that `numpy.load` gives."""
        summary = cls(str(state["protocol"]), width=0)
        for key, name in _STORED.items():
            if key in state:
                value = np.array(state[key])
                setattr(summary, name, value if value.ndim else value.item())
        return summary

    def _update_sample(self, features: np.ndarray) -> None:
        # Each vector draws a number; the smallest numbers stay.
        bits = np.random.PCG64(self.seed)
        bits.advance(self.count)
        drawn = np.random.Generator(bits).random(len(features))
        draws = np.concatenate([self._draws, drawn])
        features = np.concatenate([self.sample, features])
        if len(draws) > self.sample_limit:
            smallest = np.argpartition(draws, self.sample_limit)[: self.sample_limit]
            stay = np.sort(smallest)
            draws, features = draws[stay], features[stay]
        self._draws, self.sample = draws, features


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
    _check_comparable(real, fake, "FID")
    value = frechet_distance(real.mean, _factor(real), fake.mean, _factor(fake))
    counts = {"real": real.count, "fake": fake.count}
    note = None
    if min(counts.values()) < ENOUGH:
        note = (
            f"FID is biased upwards with fewer than {ENOUGH} images on a side; "
            "compare equal counts only, or use KID."
        )
    return Measurement("fid", value, counts, real.protocol, note=note)


def frechet_distance(
    mean_1: np.ndarray, factor_1: np.ndarray, mean_2: np.ndarray, factor_2: np.ndarray
) -> float:
    """‖m₁ − m₂‖² + tr(C₁ + C₂ − 2 (C₁C₂)^½), in float64, at least 0.

    Args:
        mean_1: mean of the first Gaussian (d,).
        factor_1: F₁ (d, any), where its covariance C₁ = F₁F₁ᵀ; see `factor_of`.
        mean_2: mean of the second (d,).
        factor_2: F₂ (d, any).
    """
    # With Cᵢ = FᵢFᵢᵀ the trace of (C₁C₂)^½ is the sum of the singular values of F₁ᵀF₂.
    # A square root of the product itself loses half of the digits where the rank is
    # not full, which is so whenever there are fewer images than features.
    overlap = np.linalg.svd(factor_1.T @ factor_2, compute_uv=False).sum()
    traces = np.sum(factor_1**2) + np.sum(factor_2**2)
    shift = np.sum((mean_1 - mean_2) ** 2)
    return float(max(shift + traces - 2 * overlap, 0.0))


def _factor(summary: FeatureSummary) -> np.ndarray:
    if len(summary.sample) == summary.count < summary.sample.shape[1]:
        # All vectors of a small set are at hand, and they are a factor themselves.
        centered = summary.sample.astype(np.float64) - summary.mean
        return centered.T / math.sqrt(summary.count - 1)
    return factor_of(summary.covariance())


def factor_of(covariance: np.ndarray) -> np.ndarray:
    """F with FFᵀ = covariance (d, d); one column for each direction that varies."""
    values, vectors = np.linalg.eigh(covariance)
    noise = np.finfo(np.float64).eps * len(values) * max(values[-1], 0.0)
    varies = values > noise
    return vectors[:, varies] * np.sqrt(values[varies])


def kernel_inception_distance(
    real: FeatureSummary, fake: FeatureSummary
) -> Measurement:
    """KID: unbiased squared MMD of the features.

    Being unbiased it can be slightly negative where the sets are alike.

    Args:
        real: of the real images.
        fake: of the translations.

    Returns:
        A `Measurement` that carries the protocol.

    Raises:
        InputError: if the protocols differ, or one set has fewer than two images.

    Reference: Bińkowski et al. 2018, "Demystifying MMD GANs", section 4.
    """
    _check_comparable(real, fake, "KID")
    value = polynomial_mmd(real.sample, fake.sample)
    counts = {"real": len(real.sample), "fake": len(fake.sample)}
    return Measurement("kid", value, counts, real.protocol)


def polynomial_mmd(first: np.ndarray, second: np.ndarray) -> float:
    """Unbiased squared MMD under the kernel (x·y / d + 1)³.

    Args:
        first: features (m, d), m at least 2.
        second: features (n, d), n at least 2.
    """
    m, n = len(first), len(second)
    if min(m, n) < 2:
        raise InputError(f"KID needs at least 2 images a side. Received: {m} and {n}")
    within_1 = _kernel_sum(first, first) - _kernel_of_itself(first)
    within_2 = _kernel_sum(second, second) - _kernel_of_itself(second)
    across = _kernel_sum(first, second) / (m * n)
    return within_1 / (m * (m - 1)) + within_2 / (n * (n - 1)) - 2 * across


def _kernel_sum(first: np.ndarray, second: np.ndarray) -> float:
    """The sum of k(x, y) over all pairs, in blocks."""
    second, total = second.astype(np.float64), 0.0
    for start in range(0, len(first), ROWS_AT_ONCE):
        block = first[start : start + ROWS_AT_ONCE].astype(np.float64)
        total += float(np.sum((block @ second.T / block.shape[1] + 1.0) ** 3))
    return total


def _kernel_of_itself(features: np.ndarray) -> float:
    features = features.astype(np.float64)
    return float(np.sum((np.sum(features**2, axis=1) / features.shape[1] + 1.0) ** 3))


def _check_comparable(real: FeatureSummary, fake: FeatureSummary, name: str) -> None:
    if real.protocol != fake.protocol:
        raise InputError(
            f"{name} needs both sets under one protocol. Received: "
            f"'{real.protocol}' and '{fake.protocol}'"
        )
    if min(real.count, fake.count) < 2:
        raise InputError(
            f"{name} needs at least 2 images on each side. Received: {real.count} "
            f"real and {fake.count} translated"
        )
