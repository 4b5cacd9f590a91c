"""Sample grids of fixed held-out images, and what they say about the training."""

from collections.abc import Sequence

import numpy as np

from stargan_tf.data.pictures import to_float
from stargan_tf.data.source import LabelledImages
from stargan_tf.training.callbacks import Sampler, SampleSchedule
from stargan_tf.training.watching import (
    column_titles,
    critic_view,
    grid_rows,
    label_effect,
    pick,
    spread,
    translations,
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

    def __init__(self, schedule: SampleSchedule, held_out: Sequence[LabelledImages]):
        super().__init__(schedule)
        rows = -(-ROWS // len(held_out))
        shown = spread(len(held_out), ROWS)
        self.groups = [pick(held_out[number], number, rows) for number in shown]

    def sample(self):
        """Draws the grid."""
        head, *domains = column_titles(self.model.label_space)
        shown = spread(len(domains), COLUMNS)
        self.say_shown(len(shown), len(domains))
        columns = [translations(self.model, group, shown) for group in self.groups]
        titles = [head, *(domains[number] for number in shown)]
        self.write_picture(draw_grid(grid_rows(self.groups, columns), titles))
        self._diagnose(columns)

    def _diagnose(self, columns: list[list[np.ndarray]]) -> None:
        # The first group suffices: the critic does not know the data sets apart.
        values = critic_view(
            self._score(self.groups[0].images),
            np.stack([self._score(column) for column in columns[0]]),
        )
        if len(columns[0]) > 1:
            values["label_effect"] = float(np.mean([label_effect(c) for c in columns]))
            self._warn(values["label_effect"])
        self.write(values)

    def _score(self, images: np.ndarray) -> np.ndarray:
        patches, _ = self.model.discriminator(to_float(images), training=False)
        return np.asarray(patches).mean(axis=(1, 2, 3))

    def _warn(self, effect: float) -> None:
        self.warn_if_ignored(
            effect,
            f"The generator hardly reacts to the label (label_effect {effect:.4f} at "
            f"step {self.step}). Check the labels; a higher --classification or a "
            "lower --reconstruction weight helps.",
        )
