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
    "sample/images": "sample_images",
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
        # Of each vector in the sample, the image that it was made of.
        self.sample_images = np.zeros(0, np.int64)
        self._draws = np.zeros(0)

    def update(self, features: np.ndarray, images: np.ndarray | None = None) -> None:
        """Adds a batch.

        Args:
            features: float array (n, width), from a `FeatureExtractor`.
            images: int array (n,), the number of the image that each was made of;
                None if each is an image of its own.

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
        if images is None:
            images = self.count + np.arange(len(features))
        self._update_sample(features, images)
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
        if "sample/images" not in state:
            # Files of before 2026-11-27 are of real images, each of its own.
            summary.sample_images = np.arange(len(summary.sample))
        return summary

    def _update_sample(self, features: np.ndarray, images: np.ndarray) -> None:
        # Each vector draws a number; the smallest numbers stay.
        bits = np.random.PCG64(self.seed)
        bits.advance(self.count)
        drawn = np.random.Generator(bits).random(len(features))
        draws = np.concatenate([self._draws, drawn])
        images = np.concatenate([self.sample_images, images])
        features = np.concatenate([self.sample, features])
        if len(draws) > self.sample_limit:
            smallest = np.argpartition(draws, self.sample_limit)[: self.sample_limit]
            stay = np.sort(smallest)
            draws, images, features = draws[stay], images[stay], features[stay]
        self._draws, self.sample_images, self.sample = draws, images, features


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
    """KID: unbiased squared MMD of the features, with its standard error.

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
    value, error = polynomial_mmd(real.sample, fake.sample, fake.sample_images)
    counts = {"real": len(real.sample), "fake": len(fake.sample)}
    return Measurement("kid", value, counts, real.protocol, standard_error=error)


def polynomial_mmd(
    first: np.ndarray, second: np.ndarray, images: np.ndarray | None = None
) -> tuple[float, float | None]:
    """Unbiased squared MMD under the kernel (x·y / d + 1)³.

    Args:
        first: features (m, d), m at least 2.
        second: features (n, d), n at least 2.
        images: int array (n,), which image each of `second` was made of; None if each
            is an image of its own.

    Returns:
        The estimate, and its standard error by the jackknife: how much the estimate
        moves when single images are left out, with all that was made of them; None
        with fewer than 3 images on a side.
    """
    m, n = len(first), len(second)
    if min(m, n) < 2:
        raise InputError(f"KID needs at least 2 images a side. Received: {m} and {n}")
    within_1, _ = _kernel_sums(first, first)
    within_2, _ = _kernel_sums(second, second)
    within_1 -= _kernel_of_itself(first)
    within_2 -= _kernel_of_itself(second)
    across_1, across_2 = _kernel_sums(first, second)
    a, b, c = within_1.sum(), within_2.sum(), across_1.sum()
    part_1, part_2, across = a / (m * (m - 1)), b / (n * (n - 1)), c / (m * n)
    value = float(part_1 + part_2 - 2 * across)
    if images is None:
        images = np.arange(n)
    _, groups, sizes = np.unique(images, return_inverse=True, return_counts=True)
    g = len(sizes)
    if min(m, g) < 3:
        return value, None
    # Leaving image i out changes sums that are known already, so all m + g
    # estimates of the jackknife cost next to nothing more.
    without_1 = (a - 2 * within_1) / ((m - 1) * (m - 2))
    without_1 += part_2 - 2 * (c - across_1) / ((m - 1) * n)
    within_2, across_2 = (np.bincount(groups, x, g) for x in (within_2, across_2))
    for group in np.flatnonzero(sizes > 1):  # Pairs inside were subtracted twice.
        members = second[groups == group]
        inside, _ = _kernel_sums(members, members)
        within_2[group] -= np.sum(inside - _kernel_of_itself(members)) / 2
    left = n - sizes
    without_2 = (b - 2 * within_2) / (left * (left - 1))
    without_2 += part_1 - 2 * (c - across_2) / (m * left)
    variance = (m - 1) * without_1.var() + (g - 1) * without_2.var()
    return value, math.sqrt(variance)


def _kernel_sums(
    first: np.ndarray, second: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Sums of k(first, second) over each row and each column, in blocks."""
    second = second.astype(np.float64)
    rows, columns = [], np.zeros(len(second))
    for start in range(0, len(first), ROWS_AT_ONCE):
        block = first[start : start + ROWS_AT_ONCE].astype(np.float64)
        kernel = (block @ second.T / block.shape[1] + 1.0) ** 3
        rows.append(kernel.sum(axis=1))
        columns += kernel.sum(axis=0)
    return np.concatenate(rows), columns


def _kernel_of_itself(features: np.ndarray) -> np.ndarray:
    features = features.astype(np.float64)
    return (np.sum(features**2, axis=1) / features.shape[1] + 1.0) ** 3


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
