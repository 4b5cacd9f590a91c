"""Sample grids of fixed held-out images, and what they say about the training."""

import itertools
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from stargan_tf.data.pictures import to_float
from stargan_tf.data.source import LabeledImages
from stargan_tf.steering.labels import all_targets
from stargan_tf.training.watching import (
    HeldOutImages,
    Sampler,
    SampleSchedule,
    critic_view,
    label_effect,
    pick,
    subsample,
)
from stargan_tf.translation.grid import draw_grid

ROWS, COLUMNS = 8, 16  # at most, so that no picture grows with the domains


class SampleImages(Sampler):
    """Draws every image in every domain, and writes the diagnostics.

    Of more than `COLUMNS` domains it takes some, evenly spread.

    Args:
        schedule: when, and where to.
        held_out: the held-out split of each data set.
    """

    def __init__(self, schedule: SampleSchedule, held_out: Sequence[LabeledImages]):
        super().__init__(schedule)
        rows = -(-ROWS // len(held_out))
        shown = subsample(np.arange(len(held_out)), ROWS)
        self.groups = [pick(held_out[number], number, rows) for number in shown]

    def sample(self):
        """Draws the grid."""
        domains = self.model.label_space.names
        shown = subsample(np.arange(len(domains)), COLUMNS)
        self.say_shown(len(shown), len(domains))
        columns = [translations(self.model, group, shown) for group in self.groups]
        rows = [
            [group.images[i], *(column[i] for column in translated)]
            for group, translated in zip(self.groups, columns, strict=True)
            for i in range(len(group.images))
        ]
        titles = ["input", *(domains[number] for number in shown)]
        self.write_picture(draw_grid(rows, titles))
        self._diagnose(columns)

    def _diagnose(self, columns: list[list[np.ndarray]]) -> None:
        # The first group suffices: the critic does not know the data sets apart.
        values = critic_view(
            self._score(self.groups[0].images),
            np.stack([self._score(column) for column in columns[0]]),
        )
        if len(columns[0]) > 1:
            effect = float(np.mean([label_effect(column) for column in columns]))
            values["label_effect"] = effect
            self.warn_if_ignored(
                effect,
                f"The generator hardly reacts to the label (label_effect {effect:.4f} "
                f"at step {self.step}). Check the labels; a higher --classification or "
                "a lower --reconstruction weight helps.",
            )
        self.write(values)

    def _score(self, images: np.ndarray) -> np.ndarray:
        patches, _ = self.model.discriminator(to_float(images), training=False)
        return np.asarray(patches).mean(axis=(1, 2, 3))


def translations(
    model: Any, held_out: HeldOutImages, shown: Collection[int]
) -> list[np.ndarray]:
    """Translations of the images, in the order of the label space's names.

    In a joint model the images are translated to the domains of the other data sets as
    well; there their own label is unknown, all zero.

    Returns:
        For each domain shown a uint8 array like `held_out.images`.
    """
    columns = []
    number = itertools.count()
    for dataset, info in enumerate(model.label_space.datasets):
        known = held_out.labels
        if dataset != held_out.dataset:
            known = np.zeros((len(known), len(info.domains)), np.float32)
        for labels in all_targets(info, known).values():
            if next(number) in shown:
                translated = model.translate(held_out.images, labels, dataset=dataset)
                columns.append(translated)
    return columns
