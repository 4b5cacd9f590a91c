"""Mean and spread of numbers that come in batches."""

import math

import numpy as np

from stargan_tf.errors import InputError
from stargan_tf.evaluation.measurement import Measurement


class RunningMean:
    """Accumulates one number per image; the result is their mean.

    Neither the batch size nor the order changes the result by more than rounding.

    Args:
        name: name of the `Measurement`.
        protocol: see `Measurement`.
        unit: what is counted, such as `"images"` or `"sources"`.
    """

    def __init__(self, name: str, protocol: str | None = None, unit: str = "images"):
        self.name, self.protocol, self.unit = name, protocol, unit
        self.count, self.mean, self.squares = 0, 0.0, 0.0

    def update(self, values: np.ndarray) -> None:
        """Adds a batch.

        Args:
            values: array (n,); NaN marks an image that has no value and is left out.
        """
        values = np.asarray(values, np.float64).reshape(-1)
        values = values[~np.isnan(values)]
        if not values.size:
            return
        total = self.count + values.size
        shift = values.mean() - self.mean
        # Chan, Golub and LeVeque (1979): merges without losing digits.
        self.squares += np.sum((values - values.mean()) ** 2)
        self.squares += shift**2 * self.count * values.size / total
        self.mean += shift * values.size / total
        self.count = total

    def result(self) -> Measurement:
        """The mean, with its standard error where there are two values or more.

        Raises:
            InputError: if there was no value.
        """
        if not self.count:
            raise InputError(f"{self.name} needs at least one image. Received: none")
        error = None
        if self.count > 1:
            error = math.sqrt(self.squares / (self.count - 1) / self.count)
        counts = {self.unit: self.count}
        return Measurement(self.name, float(self.mean), counts, self.protocol, error)

    def state(self) -> dict[str, np.ndarray]:
        """Everything accumulated, as arrays for `numpy.savez`."""
        return {
            "count": np.array(self.count),
            "mean": np.array(self.mean),
            "squares": np.array(self.squares),
        }

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Continues from what `state` gave.

        Args:
            state: the arrays.
        """
        self.count = int(state["count"])
        self.mean, self.squares = float(state["mean"]), float(state["squares"])
