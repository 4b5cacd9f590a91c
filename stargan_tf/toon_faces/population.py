"""Who is in a data set, with which label: people and looks by number."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stargan_tf.data.dataset_options import HELD_OUT, TRAIN
from stargan_tf.errors import InputError
from stargan_tf.toon_faces.identity import draw_identity
from stargan_tf.toon_faces.look import Look
from stargan_tf.toon_faces.render import render
from stargan_tf.toon_faces.traits import Identity

SPLIT_SIZES = {TRAIN: 4000, HELD_OUT: 400}
# Held-out people are other people: their numbers start behind all training ones.
FIRST_PERSON = {TRAIN: 0, HELD_OUT: 1_000_000}
LOOKS = 1


@dataclass(frozen=True)
class Population(ABC):
    """People by number, and what their labels mean.

    Args:
        name: the data set's name.
        domains: all domains, in the order of the label vector.
        label_type: `"binary"` or `"one_hot"`.
        groups: exclusive groups, as in `DatasetInfo`.
        seed: what the people and their looks are drawn from.
    """

    name: str
    domains: tuple[str, ...]
    label_type: str
    groups: tuple[tuple[str, ...], ...]
    seed: int

    @abstractmethod
    def labels(self, split: str) -> np.ndarray:
        """All labels of `split`, float32 (people, domains), values 0 or 1."""

    @abstractmethod
    def look(self, split: str, index: int, label: np.ndarray) -> Look:
        """How person `index` looks with `label` (domains,), a possible one."""

    @abstractmethod
    def rows(self, labels: np.ndarray, columns: Sequence[int]) -> np.ndarray:
        """The numbers of the people that can be described by these domains only."""

    def draw(
        self, split: str, index: int, label: np.ndarray, image_size: int
    ) -> np.ndarray:
        """Draws person `index` of `split` with any `label`.

        Args:
            split: `"train"` or `"held_out"`.
            index: the person's number in the split.
            label: (domains,), values 0 or 1.
            image_size: side in pixels, from 32 to 256.

        Returns:
            uint8 array (image_size, image_size, 3), RGB.
        """
        _check_index(self.name, split, index)
        label = self._checked(label)
        person = self.identity(split, index, label)
        return render(person, self.look(split, index, label), image_size)

    def identity(self, split: str, index: int, label: np.ndarray) -> Identity:
        """Who person `index` is: the same with any `label`, unless overridden."""
        return draw_identity(self.seed, FIRST_PERSON[split] + index)

    def _checked(self, label: np.ndarray) -> np.ndarray:
        label = np.asarray(label, dtype=np.float32)
        names = self.groups[0] if self.groups else self.domains
        fits = label.shape == (len(self.domains),) and np.isin(label, (0, 1)).all()
        if not fits or sum(label[self.domains.index(name)] for name in names) != 1:
            raise InputError(
                f"A label of '{self.name}' has {len(self.domains)} values, 0 or 1, for "
                f"{', '.join(self.domains)}, with exactly one of {', '.join(names)} "
                f"on. Received: {label.tolist()}"
            )
        return label

    def looks(self, split: str) -> np.random.Generator:
        """The random stream that the labels of `split` are drawn from."""
        # One stream for all looks of a split, apart from every person's own stream:
        # labels are independent of who is drawn.
        _check_split(split)
        return np.random.default_rng([self.seed, FIRST_PERSON[split], LOOKS])


def balanced(rng: np.random.Generator, size: int, classes: int) -> np.ndarray:
    """Class numbers (size,) in random order, as equally frequent as can be."""
    return (
        rng.permutation(size) % classes if size > 1 else rng.integers(classes, size=1)
    )


def _check_split(split: str) -> None:
    if split not in SPLIT_SIZES:
        raise InputError(
            f"split must be '{TRAIN}' or '{HELD_OUT}'. Received: split={split!r}"
        )


def _check_index(name: str, split: str, index: int) -> None:
    _check_split(split)
    if not 0 <= index < SPLIT_SIZES[split]:
        raise InputError(
            f"'{name}' has pictures 0 to {SPLIT_SIZES[split] - 1} in '{split}'. "
            f"Received: index={index}"
        )
