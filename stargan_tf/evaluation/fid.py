"""KID: an unbiased distance of feature distributions, for small sets too."""

import math

import numpy as np

from stargan_tf.errors import InputError
from stargan_tf.evaluation.measures import Measurement

# A uniform random sample of features that come in batches.


class FeatureSample:
    """Keeps at most `limit` feature vectors, each with the same probability.

    Each vector draws a number that depends on the seed and on its position alone; the
    smallest numbers stay. So the batch size does not matter, and up to `limit` vectors
    the order does not either.

    Args:
        width: length of a feature vector.
        limit: most vectors to keep; 5,000 of width 2,048 take 40 MB.
        seed: decides which stay.
    """

    def __init__(self, width: int, limit: int = 5000, seed: int = 0):
        self.limit, self.seed, self.seen = limit, seed, 0
        self.features = np.zeros((0, width), np.float32)
        self.images = np.zeros(0, np.int64)
        self._draws = np.zeros(0)

    def update(self, features: np.ndarray, images: np.ndarray | None = None) -> None:
        """Adds a batch.

        Args:
            features: array (n, width).
            images: int array (n,), the number of the image that each was made of;
                None if each is an image of its own.
        """
        if images is None:
            images = self.seen + np.arange(len(features))
        draws = np.concatenate([self._draws, self._draw(len(features))])
        images = np.concatenate([self.images, images])
        features = np.concatenate([self.features, features.astype(np.float32)])
        if len(draws) > self.limit:
            kept = np.sort(np.argpartition(draws, self.limit)[: self.limit])
            draws, images, features = draws[kept], images[kept], features[kept]
        self._draws, self.images, self.features = draws, images, features

    def _draw(self, number: int) -> np.ndarray:
        bits = np.random.PCG64(self.seed)
        bits.advance(self.seen)
        self.seen += number
        return np.random.Generator(bits).random(number)

    def state(self) -> dict[str, np.ndarray]:
        """Everything accumulated, as arrays for `numpy.savez`."""
        return {
            "limit": np.array(self.limit),
            "seed": np.array(self.seed),
            "seen": np.array(self.seen),
            "images": self.images,
            "features": self.features,
            "draws": self._draws,
        }

    @classmethod
    def from_state(cls, state: dict[str, np.ndarray]) -> "FeatureSample":
        """The inverse of `state`.

        Args:
            state: the arrays.
        """
        features = np.array(state["features"])
        sample = cls(features.shape[1], int(state["limit"]), int(state["seed"]))
        sample.seen = int(state["seen"])
        sample.features, sample._draws = features, np.array(state["draws"])
        # Files of before 2026-11-27 are of real images, each of its own.
        sample.images = np.array(state.get("images", np.arange(len(features))))
        return sample


# Mean and covariance of features that come in batches, in float64.


class FeatureStatistics:
    """Accumulates the mean and the scatter matrix of feature vectors.

    Neither the batch size nor the order changes the result by more than rounding.

    Args:
        width: length of a feature vector.
    """

    def __init__(self, width: int):
        self.count = 0
        self.mean = np.zeros(width)
        self.scatter = np.zeros((width, width))

    def update(self, features: np.ndarray) -> None:
        """Adds a batch.

        Args:
            features: array (n, width).
        """
        features = np.asarray(features, np.float64)
        if not len(features):
            return
        total = self.count + len(features)
        centre = features.mean(axis=0)
        shift, features = centre - self.mean, features - centre
        # Chan, Golub and LeVeque (1979): merges without losing digits.
        self.scatter += features.T @ features
        self.scatter += np.outer(shift, shift * (self.count * len(features) / total))
        self.mean += shift * (len(features) / total)
        self.count = total

    def covariance(self) -> np.ndarray:
        """The unbiased covariance (width, width); needs two vectors or more."""
        return self.scatter / (self.count - 1)

    def state(self) -> dict[str, np.ndarray]:
        """Everything accumulated, as arrays for `numpy.savez`."""
        return {
            "count": np.array(self.count),
            "mean": self.mean.copy(),
            "scatter": self.scatter.copy(),
        }

    @classmethod
    def from_state(cls, state: dict[str, np.ndarray]) -> "FeatureStatistics":
        """The inverse of `state`.

        Args:
            state: the arrays.
        """
        statistics = cls(len(state["mean"]))
        statistics.count = int(state["count"])
        statistics.mean = np.array(state["mean"])
        statistics.scatter = np.array(state["scatter"])
        return statistics


# What is kept of one set of images for FID and KID.

SAMPLE_LIMIT = 5000


class FeatureSummary:
    """Mean and covariance for FID, a sample for KID, and the protocol's name.

    Args:
        protocol: name of the protocol that the features come from.
        width: length of a feature vector.
        sample_limit: most vectors kept for KID.
        seed: decides which vectors are kept if there are more.
    """

    def __init__(
        self,
        protocol: str,
        width: int = 2048,
        sample_limit: int = SAMPLE_LIMIT,
        seed: int = 0,
    ):
        self.protocol = protocol
        self.statistics = FeatureStatistics(width)
        self.sample = FeatureSample(width, sample_limit, seed)

    @property
    def count(self) -> int:
        """Number of images seen."""
        return self.statistics.count

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
        features = np.asarray(features, np.float32)
        self.statistics.update(features)
        self.sample.update(features, images)

    def state(self) -> dict[str, np.ndarray]:
        """Everything accumulated, as arrays for `numpy.savez`."""
        parts = {"statistics": self.statistics, "sample": self.sample}
        arrays = {
            f"{name}/{key}": array
            for name, part in parts.items()
            for key, array in part.state().items()
        }
        return {"protocol": np.array(self.protocol), **arrays}

    @classmethod
    def from_state(cls, state: dict[str, np.ndarray]) -> "FeatureSummary":
        """The inverse of `state`.

        Args:
            state: the arrays, also as `numpy.load` gives them.
        """

        def part(name: str) -> dict[str, np.ndarray]:
            start = f"{name}/"
            return {
                key[len(start) :]: state[key] for key in state if key.startswith(start)
            }

        summary = cls(str(state["protocol"]), width=0)
        summary.statistics = FeatureStatistics.from_state(part("statistics"))
        summary.sample = FeatureSample.from_state(part("sample"))
        return summary


def check_comparable(real: FeatureSummary, fake: FeatureSummary, name: str) -> None:
    """Refuses two summaries that no distance should be computed between.

    Args:
        real: of the real images.
        fake: of the translations.
        name: the metric, for the message.

    Raises:
        InputError: if their protocols differ, or one has fewer than two images.
    """
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


# Fréchet distance between two Gaussians, and the Inception distance made of it.

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


ROWS_AT_ONCE = 1000


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
    check_comparable(real, fake, "KID")
    first, second = real.sample.features, fake.sample.features
    value, error = polynomial_mmd(first, second, fake.sample.images)
    counts = {"real": len(first), "fake": len(second)}
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
    left = n - sizes
    without_2 = (b - 2 * within_2 + _within_groups(second, groups, sizes)) / (
        left * (left - 1)
    )
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


def _within_groups(
    features: np.ndarray, groups: np.ndarray, sizes: np.ndarray
) -> np.ndarray:
    """Sums of k(x, y) over the pairs of each group, each pair in both orders."""
    sums = np.zeros(len(sizes))
    for group in np.flatnonzero(sizes > 1):
        members = features[groups == group]
        inside, _ = _kernel_sums(members, members)
        sums[group] = np.sum(inside - _kernel_of_itself(members))
    return sums


def _kernel_of_itself(features: np.ndarray) -> np.ndarray:
    features = features.astype(np.float64)
    return (np.sum(features**2, axis=1) / features.shape[1] + 1.0) ** 3
