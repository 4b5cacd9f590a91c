"""Sample grids of fixed held-out images, and what they say about the training."""

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from stargan_tf.training.callbacks.step_callback import StepCallback
from stargan_tf.training.checkpoints import folder_name
from stargan_tf.training.diagnostics import IGNORED, critic_view, label_effect
from stargan_tf.training.held_out_images import (
    HeldOutImages,
    column_titles,
    grid_rows,
    translations,
)
from stargan_tf.training.metric_log import MetricWriter
from stargan_tf.translation.grid import draw_grid
from stargan_tf.translation.picture_file import write_picture


class SampleImages(StepCallback):
    """Writes a grid every `every` steps and at the end, with the diagnostics.

    Args:
        groups: held-out images, a group per data set.
        folder: where the grids go.
        writers: where the diagnostics, and the grid again, go.
        every: steps from grid to grid.
        total_steps: length of the run.
    """

    def __init__(
        self,
        groups: Sequence[HeldOutImages],
        folder: Path,
        writers: Sequence[MetricWriter],
        every: int,
        total_steps: int,
    ):
        super().__init__()
        self.groups = groups
        self.folder = folder
        self.writers = writers
        self.every = every
        self.total_steps = total_steps
        self.warned = False

    def on_step(self, logs):
        """Draws if it is time."""
        if self.step % self.every and self.step != self.total_steps:
            return
        columns = [translations(self.model, group) for group in self.groups]
        self._draw(columns)
        self._diagnose(columns)

    def _draw(self, columns: list[list[np.ndarray]]) -> None:
        titles = column_titles(self.model.label_space)
        picture = draw_grid(grid_rows(self.groups, columns), titles)
        write_picture(picture, self.folder / f"{folder_name(self.step)}.png")
        for writer in self.writers:
            writer.write_picture(self.step, "samples", np.asarray(picture))

    def _diagnose(self, columns: list[list[np.ndarray]]) -> None:
        # The first group suffices: the critic does not know the data sets apart.
        values = critic_view(self.model, self.groups[0], columns[0])
        if len(columns[0]) > 1:
            values["label_effect"] = float(np.mean([label_effect(c) for c in columns]))
            self._warn(values["label_effect"])
        for writer in self.writers:
            writer.write(self.step, values)

    def _warn(self, effect: float) -> None:
        # Early on every generator copies its input; that is no reason to worry.
        if self.warned or effect >= IGNORED or 5 * self.step < self.total_steps:
            return
        self.warned = True
        warnings.warn(
            f"The generator hardly reacts to the label (label_effect {effect:.4f} at "
            f"step {self.step}). Check the labels; a higher --classification or a "
            "lower --reconstruction weight helps.",
            stacklevel=2,
        )
