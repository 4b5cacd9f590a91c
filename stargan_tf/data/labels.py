"""What the labels of a data set are called and how they go together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stargan_tf.data.info import BINARY, ONE_HOT, DatasetInfo
from stargan_tf.errors import InputError


@dataclass(frozen=True)
class Labels:
    """The labels of a data set, before anyone chooses some of them.

    Args:
        names: the domains (attributes), in the order of the label vector.
        kind: `"one_hot"`, each picture shows exactly one of them, or `"binary"`, any
            number at once.
        exclusive_groups: for binary labels, groups of which at most one is on.

    Raises:
        InputError: as `DatasetInfo`.
    """

    names: tuple[str, ...]
    kind: str = ONE_HOT
    exclusive_groups: tuple[tuple[str, ...], ...] = ()

    def __post_init__(self) -> None:
        info = self.info("labels", 4)
        object.__setattr__(self, "names", info.domains)
        object.__setattr__(self, "exclusive_groups", info.exclusive_groups)

    def info(self, name: str, image_size: int) -> DatasetInfo:
        """The labels as they travel with a model.

        Args:
            name: the data set's name.
            image_size: side of the square images in pixels.
        """
        return DatasetInfo(
            name, tuple(self.names), self.kind, image_size, self.exclusive_groups
        )

    def vectors(self, values: np.ndarray | Sequence) -> np.ndarray:
        """Label vectors of many pictures.

        Args:
            values: numbers of the classes (n,), for one-hot labels, or 0 and 1 (or
                False and True), (n, number of names).

        Returns:
            float32 array (n, number of names) of 0 and 1.

        Raises:
            InputError: if the values have another shape or range.
        """
        values = np.asarray(values)
        whole = np.issubdtype(values.dtype, np.integer)
        if values.ndim == 1 and whole and self.kind == ONE_HOT:
            return self._one_hot(values)
        if values.ndim != 2 or values.shape[1] != len(self.names):
            raise InputError(
                f"Labels must be an array (n, {len(self.names)}) of 0 and 1, or for "
                "one-hot labels n whole numbers of classes. Received: shape "
                f"{values.shape}, {values.dtype}"
            )
        vectors = values.astype(np.float32)
        if not np.isin(vectors, (0.0, 1.0)).all():
            raise InputError(
                "Labels must be 0 and 1. Received: values from "
                f"{vectors.min()} to {vectors.max()}"
            )
        return vectors

    def _one_hot(self, classes: np.ndarray) -> np.ndarray:
        if classes.size and not 0 <= classes.min() <= classes.max() < len(self.names):
            raise InputError(
                f"Class numbers must be from 0 to {len(self.names) - 1}, the places of "
                f"{', '.join(self.names)}. Received: {classes.min()} to {classes.max()}"
            )
        return np.eye(len(self.names), dtype=np.float32)[classes]


def binary(*names: str, exclusive: Sequence[Sequence[str]] = ()) -> Labels:
    """Labels of which a picture shows any number at once.

    Args:
        *names: the attributes, in order.
        exclusive: groups of which at most one is on, such as hair colours.
    """
    return Labels(names, BINARY, tuple(tuple(group) for group in exclusive))


def one_hot(*names: str) -> Labels:
    """Labels of which each picture shows exactly one.

    Args:
        *names: the domains, in order.
    """
    return Labels(names, ONE_HOT)
