"""Means over images, of numbers that come in batches."""

import numpy as np

from stargan_tf.errors import InputError
from stargan_tf.evaluation.measurement import ByImage, Measurement


class RunningMean:
    """Accumulates one number per image; the result is their mean.

    Neither the batch size nor the order changes the result by more than rounding.

    Args:
        name: name of the `Measurement`.
        protocol: see `Measurement`.
        may_lack: whether NaN marks an image that has no value; else it is an error.
    """

    def __init__(self, name: str, protocol: str | None = None, may_lack: bool = False):
        self.name, self.protocol, self.may_lack = name, protocol, may_lack
        self._parts: list[ByImage] = []

    @property
    def count(self) -> int:
        """Number of values."""
        return sum(len(part.rows) for part in self._parts)

    def update(self, rows: np.ndarray, values: np.ndarray) -> None:
        """Adds a batch.

        Args:
            rows: int array (n,), numbers of the images.
            values: array (n,).

        Raises:
            InputError: if a value is not finite.
        """
        values = np.asarray(values, np.float64).reshape(-1)
        if self.may_lack:
            rows, values = rows[~np.isnan(values)], values[~np.isnan(values)]
        if not np.isfinite(values).all():
            raise InputError(
                f"{self.name} must be finite for each image. Received: NaN or infinity."
                " Check the functions and weights that the evaluation was given."
            )
        self._parts.append(ByImage(np.asarray(rows), values, np.ones(len(values))))

    def result(self) -> Measurement:
        """The mean, with its standard error where there are two images or more.

        Raises:
            InputError: if there was no value.
        """
        if not self.count:
            raise InputError(f"{self.name} needs at least one image. Received: none")
        by_image = ByImage.joined(self._parts)
        return Measurement.of_images(self.name, by_image, self.protocol)
