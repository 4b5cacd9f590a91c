"""Measurements: means over images, shares of answers, and their intervals."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import NormalDist
from typing import Any

import numpy as np

from stargan_tf.data.info import ONE_HOT, DatasetInfo
from stargan_tf.errors import InputError

RESAMPLES = 1000
CONFIDENCE = 0.95
# Draws of images held in memory at once while resampling.
DRAWS_AT_ONCE = 200_000


@dataclass(frozen=True, eq=False)
class ByImage:
    """What each image contributes to a number.

    All answers that belong to one image count as one observation: its targets,
    outputs, and labels are not independent of one another.

    Args:
        rows: int array (n,), numbers of the images, each once.
        totals: float64 array (n,), the sum of the image's answers.
        answers: float64 array (n,), how many there are.
        share: whether an answer is 0 or 1, so that the mean is a share.
    """

    rows: np.ndarray
    totals: np.ndarray
    answers: np.ndarray
    share: bool = False

    @classmethod
    def joined(cls, parts: "Sequence[ByImage]") -> "ByImage":
        """Several batches or tasks as one, in which each image occurs once."""
        fields = [(part.rows, part.totals, part.answers) for part in parts]
        rows, totals, answers = map(np.concatenate, zip(*fields, strict=True))
        rows, places = np.unique(rows, return_inverse=True)
        totals, answers = (np.bincount(places, x, len(rows)) for x in (totals, answers))
        return cls(rows, totals, answers, parts[0].share)

    @property
    def value(self) -> float:
        """The mean over all answers."""
        return float(self.totals.sum() / self.answers.sum())


@dataclass(frozen=True)
class Measurement:
    """One number of an evaluation.

    Args:
        name: the metric, such as `"fid"` or `"classification_error"`.
        value: the number.
        counts: how many of what went into it, such as `{"real": 2000, "fake": 500}`.
        protocol: how it was computed, where there is more than one way; numbers of
            different protocols cannot be compared.
        interval: lower and upper end of the 95 % confidence interval, where known.
        note: what a reader must know, such as that there were few images.
        by_image: what each image contributes, where the number is a mean.
    """

    name: str
    value: float
    counts: Mapping[str, int] = field(default_factory=dict)
    protocol: str | None = None
    interval: tuple[float, float] | None = None
    note: str | None = None
    by_image: ByImage | None = field(default=None, repr=False, compare=False)

    @classmethod
    def of_images(
        cls, name: str, by_image: ByImage, protocol: str | None = None
    ) -> "Measurement":
        """The mean of what images contribute; InputError if there is no image."""
        images, answers = len(by_image.rows), int(by_image.answers.sum())
        if not answers:
            raise InputError(f"{name} needs at least one image. Received: none")
        counts = {"images": images}
        if by_image.share:
            counts["answers"] = answers
        return cls(name, by_image.value, counts, protocol, by_image=by_image)

    def with_interval(self, seed: int) -> "Measurement":
        """The same with an interval, where it is known what each image contributes."""
        if self.by_image is None:
            return self
        return replace(self, interval=bootstrap_interval([self.by_image], seed))

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready dictionary without the empty fields."""
        fields = {**vars(self), "counts": dict(self.counts), "by_image": None}
        if self.interval is not None:
            fields["interval"] = list(self.interval)
        return {key: value for key, value in fields.items() if value is not None}


def bootstrap_interval(
    parts: Sequence[ByImage], seed: int
) -> tuple[float, float] | None:
    """Confidence interval of a mean, from resamples of the images.

    An image is drawn with all its answers, in all parts. Where the images show no
    spread (such as no wrong answer at all), resamples cannot tell anything: a share
    then has Wilson's interval for as many trials as there are images.

    Returns:
        Lower and upper end; None for a single image that has no share.

    Reference: Efron and Tibshirani 1993, "An Introduction to the Bootstrap", chapter
        13 (percentiles); Davison and Hinkley 1997, section 3.8 (clusters).
    """
    whole = ByImage.joined(parts)
    images = len(whole.rows)
    if whole.share and np.ptp(whole.totals / whole.answers) == 0:
        return wilson_interval(whole.value * images, images)
    if images < 2:
        return None
    places = [np.searchsorted(whole.rows, part.rows) for part in parts]
    chunks = _weights(images, np.random.default_rng(seed))
    values = np.concatenate([_resampled(parts, places, chunk) for chunk in chunks])
    tail = 100 * (1 - CONFIDENCE) / 2
    low, high = np.percentile(values, [tail, 100 - tail])
    return float(low), float(high)


def _weights(images: int, generator: np.random.Generator) -> Iterator[np.ndarray]:
    """How often each resample (k, images) draws each image, in chunks."""
    at_once = max(1, DRAWS_AT_ONCE // images)
    for start in range(0, RESAMPLES, at_once):
        number = min(at_once, RESAMPLES - start)
        drawn = generator.integers(images, size=(number, images))
        drawn += images * np.arange(number)[:, np.newaxis]
        counts = np.bincount(drawn.ravel(), minlength=number * images)
        yield counts.reshape(number, images).astype(np.float64)


def _resampled(
    parts: Sequence[ByImage], places: Sequence[np.ndarray], weights: np.ndarray
) -> np.ndarray:
    """The mean of the parts' means in each resample."""
    means = np.empty((len(parts), len(weights)))
    for mean, part, chosen in zip(means, parts, places, strict=True):
        drawn = weights[:, chosen]
        answers = drawn @ part.answers
        # A part of few images can be missing in a resample.
        mean[:] = np.where(
            answers, drawn @ part.totals / np.maximum(answers, 1), np.nan
        )
    return np.nanmean(means, axis=0)


def wilson_interval(
    hits: float, total: float, confidence: float = CONFIDENCE
) -> tuple[float, float]:
    """Confidence interval of a share; sensible at 0 and 1 and for few trials.

    Returns:
        Lower and upper end, in [0, 1].

    Reference: Wilson 1927, "Probable inference, the law of succession, and
        statistical inference".
    """
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share, scale = hits / total, 1 + z * z / total
    center = (share + z * z / (2 * total)) / scale
    spread = share * (1 - share) / total + z * z / (4 * total * total)
    reach = z * math.sqrt(spread) / scale
    return max(center - reach, 0.0), min(center + reach, 1.0)


class RunningMean:
    """Accumulates numbers of images in batches; the result is the mean of all.

    Neither the batch size nor the order changes the result by more than rounding.

    Args:
        name: of the `Measurement`.
        protocol: of the `Measurement`.
        share: whether each number is 0 or 1, so that the mean is a share.
    """

    def __init__(self, name: str, protocol: str | None = None, share: bool = False):
        self.name, self.protocol, self.share = name, protocol, share
        self._parts: list[ByImage] = []

    @property
    def count(self) -> int:
        """Number of images, each as often as it was added."""
        return sum(len(part.rows) for part in self._parts)

    def update(
        self, rows: np.ndarray, values: np.ndarray, answers: np.ndarray | None = None
    ) -> None:
        """Adds a batch.

        Args:
            rows: int array (n,), numbers of the images; one may come several times.
            values: array (n,), the sum of each image's numbers.
            answers: array (n,), how many these are; None for one each. Images with none
                are left out.
        """
        rows, values = np.asarray(rows), np.asarray(values, np.float64).reshape(-1)
        if not np.isfinite(values).all():
            raise InputError(
                f"{self.name} must be finite for each image. Received: NaN or infinity."
                " Check the functions and weights that the evaluation was given."
            )
        answers = (
            np.ones(len(values)) if answers is None else np.asarray(answers, float)
        )
        some = answers > 0
        self._parts.append(ByImage(rows[some], values[some], answers[some], self.share))

    def result(self) -> Measurement:
        """The mean; InputError if there was no value."""
        if not self.count:
            raise InputError(f"{self.name} needs at least one image. Received: none")
        by_image = ByImage.joined(self._parts)
        return Measurement.of_images(self.name, by_image, self.protocol)


def judged(
    info: DatasetInfo, logits: np.ndarray, labels: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Which answers of a classifier are wrong, and which count.

    One-hot labels: one answer an image, at the label that it should have. Binary
    labels: one for each attribute.

    Args:
        info: the data set's labels.
        logits: the classifier's outputs (n, number of domains).
        labels: what the images should be, 0 or 1, of the same shape.

    Returns:
        Two bool arrays of that shape.
    """
    labels = np.asarray(labels) > 0.5
    if info.label_type == ONE_HOT:
        right = np.argmax(logits, axis=1) == np.argmax(labels, axis=1)
        return ~right[:, np.newaxis] & labels, labels
    return (np.asarray(logits) > 0.0) != labels, np.ones_like(labels)
