"""How well scores and maps tell ill from healthy: AUC, FROC, Dice, and the like."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from stargan_tf.errors import InputError

RESAMPLES, CONFIDENCE = 1000, 0.95
# Components of fewer pixels are no lesions, in a mask or in a map.
LEAST_PIXELS = 10
# Where sensitivity is read off the FROC curve.
FALSE_POSITIVES = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)


def auc(is_ill: np.ndarray, scores: np.ndarray) -> float:
    """Area under the ROC curve: how often an ill one has the higher score.

    Args:
        is_ill: bool (n,), with both values.
        scores: (n,), higher for ill.

    Returns:
        From 0 to 1; a pair with equal scores counts one half.

    Raises:
        InputError: if all are ill, or none.
    """
    is_ill, scores = np.asarray(is_ill, bool), np.asarray(scores, np.float64)
    ill, healthy = int(is_ill.sum()), int((~is_ill).sum())
    if not ill or not healthy:
        raise InputError(
            f"AUC needs ill and healthy ones. Received: {ill} ill, {healthy} healthy."
        )
    _, ranks, counts = np.unique(scores, return_inverse=True, return_counts=True)
    # The mean rank of each value, from 1.
    means = np.cumsum(counts) - (counts - 1) / 2
    total = means[ranks][is_ill].sum()
    return float((total - ill * (ill + 1) / 2) / (ill * healthy))


def average_precision(is_ill: np.ndarray, scores: np.ndarray) -> float:
    """Mean precision over the ill ones, as thresholds fall (the sum of steps).

    Args:
        is_ill: bool (n,), pixels for example, with one that is ill at least.
        scores: (n,).
    """
    is_ill, scores = np.asarray(is_ill, bool), np.asarray(scores, np.float64)
    if not is_ill.any():
        raise InputError("Average precision needs one that is ill. Received: none.")
    order = np.argsort(-scores, kind="stable")
    is_ill, scores = is_ill[order], scores[order]
    # Equal scores are passed together.
    last = np.append(np.flatnonzero(np.diff(scores)), len(scores) - 1)
    found = np.cumsum(is_ill)[last]
    precision, recall = found / (last + 1), found / found[-1]
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def dice(mask: np.ndarray, found: np.ndarray) -> float:
    """Twice the overlap over both areas; 1 where both are empty."""
    mask, found = np.asarray(mask, bool), np.asarray(found, bool)
    total = mask.sum() + found.sum()
    return float(2 * (mask & found).sum() / total) if total else 1.0


def grouping(pattern: str) -> Callable[[str], str]:
    """What finds the group, such as the patient, in an image's path.

    Args:
        pattern: a regular expression with one pair of parentheses, around what names
            the group, such as `"(patient_[0-9]+)/"`.

    Raises:
        InputError: if the pattern is no such expression; the function, if it is
            nowhere in a path.
    """
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise InputError(
            f"--group must be a regular expression. {error}: {pattern}"
        ) from error
    if compiled.groups != 1:
        raise InputError(
            "--group must have one pair of parentheses, around what names the group. "
            f"Received: {pattern}"
        )

    def group(path: str) -> str:
        match = compiled.search(path)
        if match is None:
            raise InputError(
                f"--group {pattern} finds no group in {path}. Mend the expression."
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
        value: int rows (m,), repeated ones among them → the number; it may raise
            InputError for a sample that has none, which is left out.
        groups: the group of each row.
        seed: of the samples.

    Reference: Efron and Tibshirani 1993, "An Introduction to the Bootstrap", chapter
        13 (percentiles).
    """
    _, numbers = np.unique(np.asarray(groups), return_inverse=True)
    count = int(numbers.max()) + 1
    members = [np.flatnonzero(numbers == number) for number in range(count)]
    rng, found = np.random.default_rng(seed), []
    for _ in range(RESAMPLES):
        drawn = rng.integers(count, size=count)
        try:
            found.append(value(np.concatenate([members[number] for number in drawn])))
        except InputError:
            continue
    tail = 50 * (1 - CONFIDENCE)
    low, high = np.percentile(found, (tail, 100 - tail))
    return float(low), float(high)


@dataclass(frozen=True)
class Candidate:
    """A connected part of a map.

    Args:
        box: (left, top, right, bottom) in pixels.
        area: number of pixels.
        peak: the highest value.
        center: (x, y), the mean place, in pixels.
    """

    box: tuple[int, int, int, int]
    area: int
    peak: float
    center: tuple[float, float]


def components(mask: np.ndarray) -> np.ndarray:
    """Numbers the connected parts of a mask, by edges and corners.

    Args:
        mask: bool (height, width).

    Returns:
        int64 (height, width): 0 outside, else the number of the part, from 1.
    """
    mask = np.asarray(mask, bool)
    # Each pixel takes the largest number among its neighbors until nothing changes.
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
    """The connected parts of a map above a threshold, the highest peak first.

    Args:
        difference: (height, width).
        threshold: values above it count.
        least: pixels that a part has at least.
    """
    numbers = components(difference > threshold)
    found = []
    for number in range(1, int(numbers.max()) + 1):
        y, x = np.nonzero(numbers == number)
        if len(y) < least:
            continue
        box = int(x.min()), int(y.min()), int(x.max()) + 1, int(y.max()) + 1
        peak = float(difference[y, x].max())
        center = float(x.mean()), float(y.mean())
        found.append(Candidate(box, len(y), peak, center))
    return sorted(found, key=lambda candidate: -candidate.peak)


def froc(
    masks: Sequence[np.ndarray],
    found: Sequence[Sequence[Candidate]],
    least: int = LEAST_PIXELS,
) -> dict[float, float]:
    """Sensitivity at numbers of false positives an image.

    A candidate is right if its center lies in a lesion, a connected part of a mask of
    at least `least` pixels; others are false positives. A lesion is found once one
    candidate is right.

    Args:
        masks: of each image, bool (height, width), where it is ill.
        found: of each image, its candidates.
        least: pixels that a lesion has at least.

    Returns:
        {false positives an image: share of the lesions found}, for `FALSE_POSITIVES`.

    Raises:
        InputError: if no image has a lesion.
    """
    lesions, events = 0, []
    for image, (mask, parts) in enumerate(zip(masks, found, strict=True)):
        numbers = components(mask)
        areas = np.bincount(numbers.reshape(-1))
        large = {n for n in range(1, len(areas)) if areas[n] >= least}
        lesions += len(large)
        for part in parts:
            x, y = (round(place) for place in part.center)
            hit = int(numbers[y, x])
            events.append((part.peak, (image, hit) if hit in large else None))
    if not lesions:
        raise InputError("FROC needs masks with lesions. Received: none.")
    events.sort(key=lambda event: -event[0])
    hits, wrong, curve = set(), 0, []
    for position, (peak, hit) in enumerate(events):
        if hit is None:
            wrong += 1
        else:
            hits.add(hit)
        # Equal peaks are passed together.
        if position + 1 == len(events) or events[position + 1][0] < peak:
            curve.append((wrong / len(masks), len(hits) / lesions))
    return {
        rate: max((share for at, share in curve if at <= rate), default=0.0)
        for rate in FALSE_POSITIVES
    }
