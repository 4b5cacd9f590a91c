"""Women, men and children with all kinds of styles: the domains of StarGAN v2."""

from collections.abc import Sequence

import numpy as np

from stargan_tf.data.info import ONE_HOT
from stargan_tf.toon_faces.look import Look
from stargan_tf.toon_faces.person import KINDS, draw_person, mood
from stargan_tf.toon_faces.population import (
    FIRST_PERSON,
    SPLIT_SIZES,
    Population,
    balanced,
)
from stargan_tf.toon_faces.traits import Identity


class PeoplePopulation(Population):
    """People labelled with their kind; the style of each is any."""

    def labels(self, split: str) -> np.ndarray:
        """One kind each, all equally frequent."""
        rng, size = self.looks(split), SPLIT_SIZES[split]
        return np.eye(len(self.domains), dtype=np.float32)[
            balanced(rng, size, len(self.domains))
        ]

    def identity(self, split: str, index: int, label: np.ndarray) -> Identity:
        """Content and style of the person, with the structure of the label's kind."""
        number = FIRST_PERSON[split] + index
        return draw_person(self.seed, number, self._kind(label))

    def look(self, split: str, index: int, label: np.ndarray) -> Look:
        """The label's kind with the person's own expression."""
        kind = self._kind(label)
        return Look(
            male=kind == "man",
            child=kind == "child",
            expression=mood(self.seed, FIRST_PERSON[split] + index),
        )

    def rows(self, labels: np.ndarray, columns: Sequence[int]) -> np.ndarray:
        """Those of a chosen kind: a one-hot label must have its one."""
        return np.flatnonzero(labels[:, list(columns)].any(axis=1))

    def _kind(self, label: np.ndarray) -> str:
        return self.domains[int(label.argmax())]


PEOPLE = PeoplePopulation(
    name="toon_people",
    domains=tuple(KINDS),
    label_type=ONE_HOT,
    groups=(),
    seed=7103,
)
