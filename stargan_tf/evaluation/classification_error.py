"""How often a classifier does not see the label it should, with intervals."""

import math
from statistics import NormalDist

import numpy as np

from stargan_tf.data.info import ONE_HOT, DatasetInfo
from stargan_tf.errors import InputError
from stargan_tf.evaluation.measurement import Measurement

NAME = "classification_error"


class ClassificationError:
    """Accumulates right and wrong answers, per label and over all.

    One-hot labels: one answer an image, counted at the label it should have. Binary
    labels: one answer for each attribute.

    Args:
        info: the data set's labels.
    """

    def __init__(self, info: DatasetInfo):
        self.info = info
        self.wrong = np.zeros(len(info.domains), np.int64)
        self.total = np.zeros(len(info.domains), np.int64)

    def update(
        self, logits: np.ndarray, labels: np.ndarray, counted: np.ndarray | None = None
    ) -> None:
        """Adds a batch.

        Args:
            logits: the classifier's outputs (n, number of domains).
            labels: what the images should be, 0 or 1, of the same shape.
            counted: bool array of that shape; which answers count. All, if None; only
                those at a label of 1 do with one-hot labels.
        """
        labels = np.asarray(labels) > 0.5
        if self.info.label_type == ONE_HOT:
            right = np.argmax(logits, axis=1) == np.argmax(labels, axis=1)
            wrong, answers = ~right[:, np.newaxis] & labels, labels
        else:
            wrong, answers = (np.asarray(logits) > 0.0) != labels, np.ones_like(labels)
        if counted is not None:
            wrong, answers = wrong & counted, answers & counted
        self.wrong += wrong.sum(axis=0)
        self.total += answers.sum(axis=0)

    def result(self) -> Measurement:
        """The share of wrong answers over all labels, with a Wilson interval."""
        return _share(self.wrong.sum(), self.total.sum())

    def per_label(self) -> dict[str, Measurement]:
        """The share of wrong answers of each label that was asked for."""
        every = zip(self.info.domains, self.wrong, self.total, strict=True)
        return {name: _share(wrong, total) for name, wrong, total in every if total}

    def state(self) -> dict[str, np.ndarray]:
        """Everything accumulated, as arrays for `numpy.savez`."""
        return {"wrong": self.wrong, "total": self.total}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Continues from what `state` gave.

        Args:
            state: the arrays.
        """
        self.wrong, self.total = np.array(state["wrong"]), np.array(state["total"])


def wilson_interval(
    hits: int, total: int, confidence: float = 0.95
) -> tuple[float, float]:
    """Confidence interval of a share; sensible at 0 and 1 and for few trials.

    Args:
        hits: how often it happened.
        total: how often it could have, at least 1.
        confidence: probability that such an interval holds the true share.

    Returns:
        Lower and upper end, in [0, 1].

    Reference: Wilson 1927, "Probable inference, the law of succession, and
        statistical inference".
    """
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share, scale = hits / total, 1 + z * z / total
    centre = (share + z * z / (2 * total)) / scale
    spread = share * (1 - share) / total + z * z / (4 * total * total)
    reach = z * math.sqrt(spread) / scale
    return max(centre - reach, 0.0), min(centre + reach, 1.0)


def _share(wrong: int, total: int) -> Measurement:
    if not total:
        raise InputError(f"{NAME} needs at least one image. Received: none")
    interval = wilson_interval(int(wrong), int(total))
    counts = {"answers": int(total)}
    return Measurement(NAME, float(wrong / total), counts, interval=interval)
