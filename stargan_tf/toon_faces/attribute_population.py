"""People labelled with hair colour, sex and age."""

from collections.abc import Sequence

import numpy as np

from stargan_tf.data.info import BINARY
from stargan_tf.toon_faces.look import Look
from stargan_tf.toon_faces.palette import HAIR_COLOURS
from stargan_tf.toon_faces.population import SPLIT_SIZES, Population, balanced


class AttributePopulation(Population):
    """People labelled with hair colour, sex and age."""

    def labels(self, split: str) -> np.ndarray:
        """Exactly one hair colour each, equally frequent; the others are coin flips."""
        return attribute_labels(self.looks(split), SPLIT_SIZES[split])

    def look(self, split: str, index: int, label: np.ndarray) -> Look:
        """The look that the label describes, with the face at rest."""
        return attribute_look(label)

    def rows(self, labels: np.ndarray, columns: Sequence[int]) -> np.ndarray:
        """Everyone: binary domains that were not chosen are simply not said."""
        return np.arange(len(labels))


def attribute_labels(rng: np.random.Generator, size: int) -> np.ndarray:
    """Draws labels (size, 5) of hair colour, sex and age."""
    hair = np.eye(len(HAIR_COLOURS))[balanced(rng, size, len(HAIR_COLOURS))]
    coins = rng.integers(2, size=(size, 2))
    return np.concatenate([hair, coins], axis=1).astype(np.float32)


def attribute_look(label: np.ndarray) -> Look:
    """The look that a label (5,) of hair colour, sex and age describes."""
    hair = HAIR_COLOURS[int(label[: len(HAIR_COLOURS)].argmax())]
    return Look(hair, male=bool(label[-2]), young=bool(label[-1]))


ATTRIBUTES = AttributePopulation(
    name="toon_attributes",
    domains=(*HAIR_COLOURS, "Male", "Young"),
    label_type=BINARY,
    groups=(HAIR_COLOURS,),
    seed=7101,
)
