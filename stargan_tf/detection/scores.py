"""Metrics of scores and maps: AUC, average precision, FROC, and Dice."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from stargan_tf.errors import InputError
from stargan_tf.evaluation.measures import CONFIDENCE, RESAMPLES

# Smaller components are ignored, in masks and in maps.
LEAST_PIXELS = 10
# False positives per image at which sensitivity is reported.
FALSE_POSITIVES = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)


def auc(is_ill: np.ndarray, scores: np.ndarray) -> float:
    """Area under the ROC curve: the probability that a diseased image scores higher.

    Args:
        is_ill: bool (n,), with both values.
        scores: (n,), higher for diseased images.

    Returns:
        From 0 to 1; pairs with equal scores count one half.

    Raises:
        InputError: if all are diseased, or none.
    """
    is_ill, scores = np.asarray(is_ill, bool), np.asarray(scores, np.float64)
    ill, healthy = int(is_ill.sum()), int((~is_ill).sum())
    if not ill or not healthy:
        raise InputError(
            "AUC needs diseased and healthy images. Received: "
            f"{ill} diseased, {healthy} healthy"
        )
    _, ranks, counts = np.unique(scores, return_inverse=True, return_counts=True)
    # The mean rank of each value, from 1.
    means = np.cumsum(counts) - (counts - 1) / 2
    total = means[ranks][is_ill].sum()
    return float((total - ill * (ill + 1) / 2) / (ill * healthy))


def average_precision(is_ill: np.ndarray, scores: np.ndarray) -> float:
    """Average precision: the sum of precisions, weighted by the steps of recall.

    Args:
        is_ill: bool (n,), such as pixels, at least one of them True.
        scores: (n,), higher for diseased.

    Raises:
        InputError: if `is_ill` is False everywhere.
    """
    is_ill, scores = np.asarray(is_ill, bool), np.asarray(scores, np.float64)
    if not is_ill.any():
        raise InputError("Average precision needs a diseased image. Received: none")
    order = np.argsort(-scores, kind="stable")
    is_ill, scores = is_ill[order], scores[order]
    # Equal scores share a threshold.
    last = np.append(np.flatnonzero(np.diff(scores)), len(scores) - 1)
    hits = np.cumsum(is_ill)[last]
    precision, recall = hits / (last + 1), hits / hits[-1]
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def dice(mask: np.ndarray, detected: np.ndarray) -> float:
    """Twice the overlap divided by the sum of both areas; 1 if both are empty."""
    mask, detected = np.asarray(mask, bool), np.asarray(detected, bool)
    total = mask.sum() + detected.sum()
    return float(2 * (mask & detected).sum() / total) if total else 1.0


def grouping(pattern: str) -> Callable[[str], str]:
    """The function that extracts the group, such as the patient, from an image's path.

    Args:
        pattern: a regular expression with one pair of parentheses around the group's
            name, such as `"(patient_[0-9]+)/"`.

    Returns:
        Path → group. It raises `InputError` for a path that does not match.

    Raises:
        InputError: if the pattern is invalid.
    """
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise InputError(
            f"--group must be a regular expression. {error}: {pattern}"
        ) from error
    if compiled.groups != 1:
        raise InputError(
            "--group must have one pair of parentheses, around the group's name. "
            f"Received: {pattern}"
        )

    def group(path: str) -> str:
        match = compiled.search(path)
        if match is None:
            raise InputError(
                f"--group {pattern} matches no group in {path}. Correct the expression."
            )
        return match[1]

    return group


def interval(
    value: Callable[[np.ndarray], float],
    groups: Sequence[object],
    seed: int = 0,
) -> tuple[float, float]:
    """95 % confidence interval of a number, by resampling groups such as patients.

    Args:
        value: int rows (m,), with repetitions → the number; it may raise `InputError`
            for a sample without one, which is skipped.
        groups: the group of each row.
        seed: seed of the resampling.

    Returns:
        (low, high).

    Reference: Efron and Tibshirani 1993, "An Introduction to the Bootstrap", chapter
        13 (percentiles).
    """
    _, numbers = np.unique(np.asarray(groups), return_inverse=True)
    count = int(numbers.max()) + 1
    members = [np.flatnonzero(numbers == number) for number in range(count)]
    rng, values = np.random.default_rng(seed), []
    for _ in range(RESAMPLES):
        drawn = rng.integers(count, size=count)
        try:
            values.append(value(np.concatenate([members[group] for group in drawn])))
        except InputError:
            continue
    tail = 50 * (1 - CONFIDENCE)
    low, high = np.percentile(values, (tail, 100 - tail))
    return float(low), float(high)


@dataclass(frozen=True)
class Candidate:
    """A connected component of a map.

    Args:
        box: (left, top, right, bottom) in pixels.
        area: number of pixels.
        peak: the highest value.
        center: (x, y), the mean position in pixels.
    """

    box: tuple[int, int, int, int]
    area: int
    peak: float
    center: tuple[float, float]


def components(mask: np.ndarray) -> np.ndarray:
    """Labels the connected components of a mask, by edges and corners.

    Args:
        mask: bool (height, width).

    Returns:
        int64 (height, width): 0 outside, otherwise the component's number, from 1.
    """
    mask = np.asarray(mask, bool)
    # Each pixel takes the largest number of its neighbors until nothing changes.
    numbers = np.where(mask, np.arange(1, mask.size + 1).reshape(mask.shape), 0)
    while True:
        around = np.pad(numbers, 1)
        rows = np.maximum(np.maximum(around[:-2], around[1:-1]), around[2:])
        largest = np.maximum(np.maximum(rows[:, :-2], rows[:, 1:-1]), rows[:, 2:])
        spread = np.where(mask, largest, 0)
        if (spread == numbers).all():
            break
        numbers = spread
    _, ordered = np.unique(numbers, return_inverse=True)
    ordered = ordered.reshape(mask.shape)
    return ordered if (numbers == 0).any() else ordered + 1


def candidates(
    difference: np.ndarray, threshold: float, least: int = LEAST_PIXELS
) -> list[Candidate]:
    """The connected components of a map above a threshold, the highest peak first.

    Args:
        difference: the map, (height, width).
        threshold: only values above it count.
        least: minimum number of pixels of a component.
    """
    numbers = components(difference > threshold)
    results = []
    areas = np.bincount(numbers.ravel())
    areas[0] = 0  # The background.
    for number in np.flatnonzero(areas >= least):
        y, x = np.nonzero(numbers == number)
        box = int(x.min()), int(y.min()), int(x.max()) + 1, int(y.max()) + 1
        peak = float(difference[y, x].max())
        center = float(x.mean()), float(y.mean())
        results.append(Candidate(box, len(y), peak, center))
    return sorted(results, key=lambda candidate: -candidate.peak)


def froc(
    masks: Sequence[np.ndarray],
    detected: Sequence[Sequence[Candidate]],
    least: int = LEAST_PIXELS,
) -> dict[float, float]:
    """Sensitivity at several numbers of false positives per image.

    A candidate is a true positive if its center is in a lesion, a connected component
    of a mask with at least `least` pixels; others are false positives. A lesion is
    detected if it has a true positive.

    Args:
        masks: for each image, bool (height, width), True in lesions.
        detected: for each image, its candidates.
        least: minimum number of pixels of a lesion.

    Returns:
        {false positives per image: fraction of lesions detected}, for
        `FALSE_POSITIVES`.

    Raises:
        InputError: if no image has a lesion.
    """
    lesions, events = 0, []
    for image, (mask, candidates) in enumerate(zip(masks, detected, strict=True)):
        numbers = components(mask)
        areas = np.bincount(numbers.reshape(-1))
        large = {n for n in range(1, len(areas)) if areas[n] >= least}
        lesions += len(large)
        for candidate in candidates:
            x, y = (round(position) for position in candidate.center)
            hit = int(numbers[y, x])
            events.append((candidate.peak, (image, hit) if hit in large else None))
    if not lesions:
        raise InputError("FROC needs masks with lesions. Received: none")
    events.sort(key=lambda event: -event[0])
    hits, wrong, curve = set(), 0, []
    for position, (peak, hit) in enumerate(events):
        if hit is None:
            wrong += 1
        else:
            hits.add(hit)
        # Equal peaks share a threshold.
        if position + 1 == len(events) or events[position + 1][0] < peak:
            curve.append((wrong / len(masks), len(hits) / lesions))
    return {
        rate: max((share for at, share in curve if at <= rate), default=0.0)
        for rate in FALSE_POSITIVES
    }
