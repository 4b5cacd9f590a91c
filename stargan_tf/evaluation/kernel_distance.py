"""KID: an unbiased distance of feature distributions, for small sets too."""

import math

import numpy as np

from stargan_tf.errors import InputError
from stargan_tf.evaluation.feature_summary import FeatureSummary, check_comparable
from stargan_tf.evaluation.measurement import Measurement

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
