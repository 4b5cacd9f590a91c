"""How often a classifier does not see the label it should."""

from collections.abc import Sequence

import numpy as np

from stargan_tf.data.info import ONE_HOT, DatasetInfo
from stargan_tf.errors import InputError
from stargan_tf.evaluation.measurement import ByImage, Measurement

NAME = "classification_error"


class ClassificationError:
    """Accumulates right and wrong answers, per image and label.

    One-hot labels: one answer a translation, counted at the label it should have.
    Binary labels: one answer for each attribute.

    Args:
        info: the data set's labels.
    """

    def __init__(self, info: DatasetInfo):
        self.info = info
        self._rows: list[np.ndarray] = []
        self._wrong: list[np.ndarray] = []
        self._answers: list[np.ndarray] = []

    def update(
        self,
        rows: np.ndarray,
        logits: np.ndarray,
        labels: np.ndarray,
        counted: np.ndarray | None = None,
    ) -> None:
        """Adds a batch.

        Args:
            rows: int array (n,), numbers of the images that the answers belong to;
                one number may come several times.
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
        self._rows.append(np.asarray(rows))
        self._wrong.append(wrong)
        self._answers.append(answers)

    @property
    def total(self) -> int:
        """Number of answers."""
        return sum(int(answers.sum()) for answers in self._answers)

    def result(self) -> Measurement:
        """The share of wrong answers over all labels.

        Raises:
            InputError: if there was no answer.
        """
        return self._share(range(len(self.info.domains)))

    def per_label(self) -> dict[str, Measurement]:
        """The share of wrong answers of each label that was asked for."""
        return {
            name: self._share([column])
            for column, name in enumerate(self.info.domains)
            if any(answers[:, column].any() for answers in self._answers)
        }

    def _share(self, columns: Sequence[int]) -> Measurement:
        if not self.total:
            raise InputError(f"{NAME} needs at least one image. Received: none")
        wrong, answers = (
            np.concatenate(parts)[:, columns].sum(axis=1)
            for parts in (self._wrong, self._answers)
        )
        rows, some = np.concatenate(self._rows), answers > 0
        every = ByImage(rows[some], wrong[some], answers[some], share=True)
        return Measurement.of_images(NAME, ByImage.joined([every]))
