"""One row of an evaluation: which images are translated, and to what."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from stargan_tf.data.labelled_images import LabelledImages
from stargan_tf.data.pixels import to_uint8

# What decides a translation: a label, a random latent code, a reference picture, or
# nothing but the image's own label.
LABEL, LATENT, REFERENCE, OWN = "label", "latent", "reference", "own"

Translate = Callable[[np.ndarray, np.ndarray], np.ndarray]
Back = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Subject:
    """What is evaluated.

    Args:
        model: the model.
        translated_by: `"labels"` or `"styles"`, as its family says.
        held_out: the images it translates.
        train: the real images it is compared with, of the same data set.
        dataset: index of that data set in the model's `LabelSpace`.
    """

    model: Any
    translated_by: str
    held_out: LabelledImages
    train: LabelledImages
    dataset: int = 0


@dataclass(frozen=True)
class Task:
    """Images and what becomes of them.

    Args:
        guide: `"label"`, `"latent"`, `"reference"` or `"own"`.
        target: the target in words, such as `"Blond_Hair"`, `"Male=0"` or `"cat"`.
        source: the images' domain, where they share one.
        column: the label's place that the target sets.
        value: what it sets it to, 0 or 1.
        rows: int array (n,); which held-out images.
        labels: float32 (n, number of domains) that the translations should show.
        translate: (places in `rows`, images) → (n, outputs, h, w, 3); images are
            float32 (n, h, w, 3) in [-1, 1].
        back: (places in `rows`, the images, their translations (n, h, w, 3)) → the
            images again, as the model redraws them.
        outputs: translations of each image.
    """

    guide: str
    target: str
    column: int
    value: float
    rows: np.ndarray = field(repr=False)
    labels: np.ndarray = field(repr=False)
    translate: Translate = field(repr=False)
    back: Back | None = field(default=None, repr=False)
    source: str | None = None
    outputs: int = 1

    @property
    def name(self) -> str:
        """The row's name."""
        if self.guide == OWN:
            return "own label"
        if self.source is None:
            return self.target
        return f"{self.guide}: {self.source} → {self.target}"


@dataclass(frozen=True)
class Translated:
    """A batch of a task, translated.

    Args:
        task: the task.
        places: which of the task's rows.
        names: the images' names.
        images: uint8 (n, h, w, 3).
        outputs: float32 (n, outputs, h, w, 3).
    """

    task: Task
    places: np.ndarray
    names: list[str]
    images: np.ndarray
    outputs: np.ndarray

    @property
    def rows(self) -> np.ndarray:
        """The images' numbers among the held-out ones."""
        return self.task.rows[self.places]

    @cached_property
    def pixels(self) -> np.ndarray:
        """The outputs as a viewer sees them: uint8 (n, outputs, h, w, 3)."""
        return to_uint8(self.outputs)

    @property
    def first(self) -> np.ndarray:
        """The first translation of each image, uint8 (n, h, w, 3)."""
        return self.pixels[:, 0]

    @property
    def flat(self) -> np.ndarray:
        """All translations, image after image, uint8 (n · outputs, h, w, 3)."""
        return self.pixels.reshape(-1, *self.pixels.shape[2:])

    @cached_property
    def cycled(self) -> np.ndarray:
        """The first translations, translated back: uint8 (n, h, w, 3)."""
        return to_uint8(self.task.back(self.places, self.images, self.outputs[:, 0]))

    @property
    def labels(self) -> np.ndarray:
        """What the translations should show, float32 (n, number of domains)."""
        return self.task.labels[self.places]


def spread(rows: np.ndarray, count: int | None) -> np.ndarray:
    """At most `count` of the rows, evenly spread; the same ones at each call.

    Args:
        rows: int array.
        count: how many; None for all.
    """
    if count is None or count >= len(rows):
        return rows
    return rows[np.linspace(0, len(rows) - 1, count).round().astype(int)]
