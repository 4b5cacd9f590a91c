"""Measurements: means over images, error rates, and their confidence intervals."""

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
# Maximum number of resampled images in memory.
DRAWS_AT_ONCE = 200_000


@dataclass(frozen=True, eq=False)
class ByImage:
    """The contribution of each image to a mean.

    All values of an image, such as those of several targets, outputs, or labels, count
    as one observation, because they are not independent.

    Args:
        rows: int array (n,), unique indices of the images.
        totals: float64 array (n,), sum of the values of each image.
        answers: float64 array (n,), number of values of each image.
        share: whether the values are 0 or 1, so that the mean is a fraction.
    """

    rows: np.ndarray
    totals: np.ndarray
    answers: np.ndarray
    share: bool = False

    @classmethod
    def joined(cls, groups: "Sequence[ByImage]") -> "ByImage":
        """Joins several batches or tasks; each image then occurs once."""
        fields = [(group.rows, group.totals, group.answers) for group in groups]
        rows, totals, answers = map(np.concatenate, zip(*fields, strict=True))
        rows, places = np.unique(rows, return_inverse=True)
        totals, answers = (np.bincount(places, x, len(rows)) for x in (totals, answers))
        return cls(rows, totals, answers, groups[0].share)

    @property
    def value(self) -> float:
        """The mean over all values."""
        return float(self.totals.sum() / self.answers.sum())


@dataclass(frozen=True)
class Measurement:
    """A number of an evaluation.

    Args:
        name: name of the number, such as `"fid"` or `"classification_error"`.
        value: the value.
        counts: sample sizes, such as `{"real": 2000, "fake": 500}`.
        protocol: protocol of the computation, if there are several; values of different
            protocols are not comparable.
        interval: lower and upper bound of the 95 % confidence interval, if known.
        note: a limitation that readers must know, such as few images.
        by_image: contribution of each image, if the number is a mean.
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
        """Creates a measurement of a mean; raises InputError if there are no values."""
        images, answers = len(by_image.rows), int(by_image.answers.sum())
        if not answers:
            raise InputError(f"{name} needs at least one image. Received: none")
        counts = {"images": images}
        if by_image.share:
            counts["answers"] = answers
        return cls(name, by_image.value, counts, protocol, by_image=by_image)

    def with_interval(self, seed: int) -> "Measurement":
        """Returns a copy with a confidence interval if `by_image` is known."""
        if self.by_image is None:
            return self
        return replace(self, interval=bootstrap_interval([self.by_image], seed))

    def to_dict(self) -> dict[str, Any]:
        """Returns a JSON-serializable dictionary without empty fields."""
        fields = {**vars(self), "counts": dict(self.counts), "by_image": None}
        if self.interval is not None:
            fields["interval"] = list(self.interval)
        return {key: value for key, value in fields.items() if value is not None}


def bootstrap_interval(
    groups: Sequence[ByImage], seed: int
) -> tuple[float, float] | None:
    """Computes the confidence interval of a mean by resampling images.

    Images are resampled with all their values, in all groups. If all images have the
    same mean (for example, no errors at all), the bootstrap is not applicable: a
    fraction then has Wilson's interval for as many trials as there are images.

    Args:
        groups: contributions of images, one per group; the number is the mean over the
            groups' means.
        seed: seed of the resamples.

    Returns:
        Lower and upper bound; None for a single image whose mean is not a fraction.

    Reference: Efron and Tibshirani 1993, "An Introduction to the Bootstrap", chapter
        13 (percentiles); Davison and Hinkley 1997, section 3.8 (clusters).
    """
    whole = ByImage.joined(groups)
    images = len(whole.rows)
    if whole.share and np.ptp(whole.totals / whole.answers) == 0:
        return wilson_interval(whole.value * images, images)
    if images < 2:
        return None
    places = [np.searchsorted(whole.rows, group.rows) for group in groups]
    chunks = _weights(images, np.random.default_rng(seed))
    values = np.concatenate([_resampled(groups, places, chunk) for chunk in chunks])
    tail = 100 * (1 - CONFIDENCE) / 2
    low, high = np.percentile(values, [tail, 100 - tail])
    return float(low), float(high)


def _weights(images: int, generator: np.random.Generator) -> Iterator[np.ndarray]:
    """Yields how often each image occurs in each resample, (k, images), in chunks."""
    at_once = max(1, DRAWS_AT_ONCE // images)
    for start in range(0, RESAMPLES, at_once):
        number = min(at_once, RESAMPLES - start)
        samples = generator.integers(images, size=(number, images))
        samples += images * np.arange(number)[:, np.newaxis]
        counts = np.bincount(samples.ravel(), minlength=number * images)
        yield counts.reshape(number, images).astype(np.float64)


def _resampled(
    groups: Sequence[ByImage], places: Sequence[np.ndarray], weights: np.ndarray
) -> np.ndarray:
    """Mean over the groups' means in each resample."""
    means = np.empty((len(groups), len(weights)))
    for mean, group, chosen in zip(means, groups, places, strict=True):
        counts = weights[:, chosen]
        answers = counts @ group.answers
        # A resample may contain no image of a small group.
        mean[:] = np.where(
            answers, counts @ group.totals / np.maximum(answers, 1), np.nan
        )
    return np.nanmean(means, axis=0)


def wilson_interval(hits: float, total: float) -> tuple[float, float]:
    """Computes Wilson's 95 % interval of a fraction, also valid near 0 and 1.

    Args:
        hits: number of successes.
        total: number of trials.

    Returns:
        Lower and upper bound, in [0, 1].

    Reference: Wilson 1927, "Probable inference, the law of succession, and
        statistical inference".
    """
    z = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2)
    share, scale = hits / total, 1 + z * z / total
    center = (share + z * z / (2 * total)) / scale
    spread = share * (1 - share) / total + z * z / (4 * total * total)
    reach = z * math.sqrt(spread) / scale
    return max(center - reach, 0.0), min(center + reach, 1.0)


class RunningMean:
    """Accumulates the mean of values of images, batch by batch.

    Batch size and order affect the result only by rounding.

    Args:
        name: name of the `Measurement`.
        protocol: protocol of the `Measurement`.
        share: whether the values are 0 or 1, so that the mean is a fraction.
    """

    def __init__(self, name: str, protocol: str | None = None, share: bool = False):
        self.name, self.protocol, self.share = name, protocol, share
        self._batches: list[ByImage] = []

    @property
    def count(self) -> int:
        """Number of images added, including repetitions."""
        return sum(len(batch.rows) for batch in self._batches)

    def update(
        self, rows: np.ndarray, values: np.ndarray, answers: np.ndarray | None = None
    ) -> None:
        """Adds a batch.

        Args:
            rows: int array (n,), indices of the images; repetitions are allowed.
            values: array (n,), sum of the values of each image.
            answers: array (n,), number of values of each image; None for 1 each. Images
                without values are ignored.

        Raises:
            InputError: if a value is not finite.
        """
        rows, values = np.asarray(rows), np.asarray(values, np.float64).reshape(-1)
        if not np.isfinite(values).all():
            raise InputError(
                f"{self.name} must be finite for each image. Received: NaN or "
                "infinity. Check the functions and weights of the evaluation."
            )
        answers = (
            np.ones(len(values)) if answers is None else np.asarray(answers, float)
        )
        some = answers > 0
        batch = ByImage(rows[some], values[some], answers[some], self.share)
        self._batches.append(batch)

    def result(self) -> Measurement:
        """Returns the mean; raises InputError if there are no values."""
        if not self.count:
            raise InputError(f"{self.name} needs at least one image. Received: none")
        by_image = ByImage.joined(self._batches)
        return Measurement.of_images(self.name, by_image, self.protocol)


def wrong_answers(
    info: DatasetInfo, logits: np.ndarray, labels: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Compares a classifier's predictions with labels.

    With one-hot labels there is one prediction per image, at the index of its label;
    with binary labels there is one per attribute.

    Args:
        info: the `DatasetInfo`.
        logits: outputs of the classifier, (n, number of domains).
        labels: expected labels, 0 or 1, of the same shape.

    Returns:
        Two bool arrays of the same shape: which predictions are wrong, and which
        elements are predictions.
    """
    labels = np.asarray(labels) > 0.5
    if info.label_type == ONE_HOT:
        right = np.argmax(logits, axis=1) == np.argmax(labels, axis=1)
        return ~right[:, np.newaxis] & labels, labels
    return (np.asarray(logits) > 0.0) != labels, np.ones_like(labels)
