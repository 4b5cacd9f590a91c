"""What a metric is to the evaluation: something that watches translations go by."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stargan_tf.evaluation.measurement import Measurement
from stargan_tf.evaluation.task import Task, Translated


@dataclass(frozen=True)
class Scores:
    """How well each image of a batch was translated, to find the best and the worst.

    Args:
        name: what the number is, for people, such as `"PSNR to the truth, dB"`.
        values: array (n,), higher is better; NaN for no score.
        form: format of a value.
    """

    name: str
    values: np.ndarray
    form: str = ".1f"


class Meter(ABC):
    """Measures one task; keeps statistics, no images."""

    @abstractmethod
    def update(self, batch: Translated) -> Scores | None:
        """Takes a batch in.

        Args:
            batch: images and translations.

        Returns:
            A score for each image, if this metric can tell good from bad.
        """

    @abstractmethod
    def results(self) -> list[Measurement]:
        """The task's numbers."""


class Metric(ABC):
    """One of `stargan_tf.evaluation.options.METRICS`, with its networks."""

    def prepare(self, tasks: Sequence[Task]) -> None:  # noqa: B027
        """Does what is done once, such as looking at the real images.

        Args:
            tasks: all that will be measured.

        Raises:
            InputError: if the data does not suffice.
        """

    @abstractmethod
    def start(self, task: Task) -> Meter | None:
        """A meter for a task; None where the metric has nothing to say.

        Args:
            task: the task.
        """

    def on_real_images(self) -> list[Measurement]:
        """Numbers of the real images, to compare with."""
        return []
