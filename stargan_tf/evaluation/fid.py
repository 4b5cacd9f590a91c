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
# Name in files → attribute of `FeatureSummary`.
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
    """Statistics of the features of a set of images.

    It holds mean and covariance in float64 for FID, and a uniform random sample for
    KID. Batch size and order affect the statistics only by rounding. Whether a vector
    is in the sample depends only on the seed and on its position, so the batch size
    does not matter. All vectors are kept if there are at most `sample_limit`.

    Args:
        protocol: protocol of the features.
        width: length of a feature vector.
        sample_limit: maximum number of vectors for KID; 5,000 of width 2,048 take
            40 MB.
        seed: determines which vectors are kept if there are more.
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
                "Features must be finite. Received: NaN or infinity. Check the images "
                "and the model's weights."
            )
        if not len(features):
            return
        features = np.asarray(features, np.float32)
        self._update_sample(features)
        # Numerically stable update (Chan, Golub, and LeVeque 1979).
        features = features.astype(np.float64)
        total = self.count + len(features)
        center = features.mean(axis=0)
        shift, features = center - self.mean, features - center
        self.scatter += features.T @ features
        self.scatter += np.outer(shift, shift * (self.count * len(features) / total))
        self.mean += shift * (len(features) / total)
        self.count = total

    def covariance(self) -> np.ndarray:
        """Returns the unbiased covariance (width, width) of at least two vectors."""
        return self.scatter / (self.count - 1)

    def state(self) -> dict[str, np.ndarray]:
        """Returns the state as arrays for `numpy.savez`."""
        return {key: np.array(getattr(self, name)) for key, name in _STORED.items()}

    @classmethod
    def from_state(cls, state: Mapping[str, np.ndarray]) -> "FeatureSummary":
        """Creates a summary from `state`, such as the result of `numpy.load`."""
        summary = cls(str(state["protocol"]), width=0)
        for key, name in _STORED.items():
            if key in state:
                value = np.array(state[key])
                setattr(summary, name, value if value.ndim else value.item())
        return summary

    def _update_sample(self, features: np.ndarray) -> None:
        # Each vector gets a random number; those with the smallest numbers are kept.
        bits = np.random.PCG64(self.seed)
        bits.advance(self.count)
        numbers = np.random.Generator(bits).random(len(features))
        draws = np.concatenate([self._draws, numbers])
        features = np.concatenate([self.sample, features])
        if len(draws) > self.sample_limit:
            smallest = np.argpartition(draws, self.sample_limit)[: self.sample_limit]
            rows = np.sort(smallest)
            draws, features = draws[rows], features[rows]
        self._draws, self.sample = draws, features


def frechet_inception_distance(
    real: FeatureSummary, fake: FeatureSummary
) -> Measurement:
    """Computes FID, the distance between the features of real images and translations.

    Args:
        real: statistics of the real images.
        fake: statistics of the translations.

    Returns:
        A `Measurement` with the protocol, and a note if there are few images.

    Raises:
        InputError: if the protocols differ, or a set has fewer than two images.

    Reference: Heusel et al. 2017, "GANs Trained by a Two Time-Scale Update Rule…",
        equation 6.
    """
    _check_comparable(real, fake, "FID")
    value = frechet_distance(real.mean, _factor(real), fake.mean, _factor(fake))
    counts = {"real": real.count, "fake": fake.count}
    note = None
    if min(counts.values()) < ENOUGH:
        note = (
            f"FID is biased upward with fewer than {ENOUGH} images per set. Compare it "
            "only between equal numbers of images, or use KID."
        )
    return Measurement("fid", value, counts, real.protocol, note=note)


def frechet_distance(
    mean_1: np.ndarray, factor_1: np.ndarray, mean_2: np.ndarray, factor_2: np.ndarray
) -> float:
    """Computes ‖m₁ − m₂‖² + tr(C₁ + C₂ − 2 (C₁C₂)^½) in float64, at least 0.

    Args:
        mean_1: mean of the first Gaussian, (d,).
        factor_1: F₁ (d, any) with the covariance C₁ = F₁F₁ᵀ; see `factor_of`.
        mean_2: mean of the second Gaussian, (d,).
        factor_2: F₂ (d, any) with the covariance C₂ = F₂F₂ᵀ.
    """
    # With Cᵢ = FᵢFᵢᵀ, the trace of (C₁C₂)^½ is the sum of the singular values of F₁ᵀF₂.
    # The square root of the product itself loses half of the digits if the rank is not
    # full, which is the case whenever there are fewer images than features.
    overlap = np.linalg.svd(factor_1.T @ factor_2, compute_uv=False).sum()
    traces = np.sum(factor_1**2) + np.sum(factor_2**2)
    shift = np.sum((mean_1 - mean_2) ** 2)
    return float(max(shift + traces - 2 * overlap, 0.0))


def _factor(summary: FeatureSummary) -> np.ndarray:
    if len(summary.sample) == summary.count < summary.sample.shape[1]:
        # All vectors of a small set are available, and form a factor.
        centered = summary.sample.astype(np.float64) - summary.mean
        return centered.T / math.sqrt(summary.count - 1)
    return factor_of(summary.covariance())


def factor_of(covariance: np.ndarray) -> np.ndarray:
    """Returns F with FFᵀ = covariance (d, d), with as many columns as its rank."""
    values, vectors = np.linalg.eigh(covariance)
    noise = np.finfo(np.float64).eps * len(values) * max(values[-1], 0.0)
    varies = values > noise
    return vectors[:, varies] * np.sqrt(values[varies])


def kernel_inception_distance(
    real: FeatureSummary, fake: FeatureSummary
) -> Measurement:
    """Computes KID, the unbiased squared MMD of the features.

    It can be slightly negative if the sets are similar.

    Args:
        real: statistics of the real images.
        fake: statistics of the translations.

    Returns:
        A `Measurement` with the protocol.

    Raises:
        InputError: if the protocols differ, or a set has fewer than two images.

    Reference: Bińkowski et al. 2018, "Demystifying MMD GANs", section 4.
    """
    _check_comparable(real, fake, "KID")
    value = polynomial_mmd(real.sample, fake.sample)
    counts = {"real": len(real.sample), "fake": len(fake.sample)}
    return Measurement("kid", value, counts, real.protocol)


def polynomial_mmd(first: np.ndarray, second: np.ndarray) -> float:
    """Computes the unbiased squared MMD with the kernel (x·y / d + 1)³.

    Args:
        first: features (m, d), m at least 2.
        second: features (n, d), n at least 2.

    Raises:
        InputError: if a set has fewer than two features.
    """
    m, n = len(first), len(second)
    if min(m, n) < 2:
        raise InputError(f"KID needs at least 2 images per set. Received: {m} and {n}")
    within_1 = _kernel_sum(first, first) - _kernel_of_itself(first)
    within_2 = _kernel_sum(second, second) - _kernel_of_itself(second)
    across = _kernel_sum(first, second) / (m * n)
    return within_1 / (m * (m - 1)) + within_2 / (n * (n - 1)) - 2 * across


def _kernel_sum(first: np.ndarray, second: np.ndarray) -> float:
    """Sums k(x, y) over all pairs, in blocks."""
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
            f"{name} needs two sets with the same protocol. Received: "
            f"'{real.protocol}' and '{fake.protocol}'"
        )
    if min(real.count, fake.count) < 2:
        raise InputError(
            f"{name} needs at least 2 images per set. Received: {real.count} real and "
            f"{fake.count} translated"
        )
