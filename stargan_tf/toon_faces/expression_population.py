"""People labelled with their expression."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from stargan_tf.data.info import ONE_HOT
from stargan_tf.toon_faces.attribute_population import attribute_labels, attribute_look
from stargan_tf.toon_faces.expression import EXPRESSIONS as EXPRESSION_NAMES
from stargan_tf.toon_faces.look import Look
from stargan_tf.toon_faces.population import (
    FIRST_PERSON,
    LOOKS,
    SPLIT_SIZES,
    Population,
    balanced,
)


class ExpressionPopulation(Population):
    """People labelled with their expression; hair, sex and age are any."""

    def labels(self, split: str) -> np.ndarray:
        """One expression each, all equally frequent."""
        rng, size = self.looks(split), SPLIT_SIZES[split]
        return np.eye(len(self.domains), dtype=np.float32)[
            balanced(rng, size, len(self.domains))
        ]

    def look(self, split: str, index: int, label: np.ndarray) -> Look:
        """The person's own hair colour, sex and age with the label's expression."""
        rng = np.random.default_rng([self.seed, FIRST_PERSON[split] + index, LOOKS + 1])
        own = attribute_look(attribute_labels(rng, 1)[0])
        return replace(own, expression=self.domains[int(label.argmax())])

    def rows(self, labels: np.ndarray, columns: Sequence[int]) -> np.ndarray:
        """Those that show a chosen expression: a one-hot label must have its one."""
        return np.flatnonzero(labels[:, list(columns)].any(axis=1))


EXPRESSIONS = ExpressionPopulation(
    name="toon_expressions",
    domains=EXPRESSION_NAMES,
    label_type=ONE_HOT,
    groups=(),
    seed=7102,
)
