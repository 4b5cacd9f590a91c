"""What the samplers of all model families share: when they draw, and where to."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from stargan_tf import interruption
from stargan_tf.training.callbacks.step_callback import StepCallback
from stargan_tf.training.checkpoints import folder_name
from stargan_tf.training.diagnostics import IGNORED
from stargan_tf.training.metric_log import MetricWriter
from stargan_tf.translation.grid import reduced, with_caption
from stargan_tf.translation.picture_file import write_picture


@dataclass(frozen=True)
class SampleSchedule:
    """When pictures are drawn, and where they go.

    Args:
        folder: the run's `samples/`.
        writers: where the diagnostics, and the pictures again, go.
        every: steps from one to the next.
        total_steps: length of the run.
    """

    folder: Path
    writers: Sequence[MetricWriter]
    every: int
    total_steps: int


class Sampler(StepCallback):
    """Draws every `every` steps and at the end, after the checkpoint of that step.

    Args:
        schedule: when, and where to.
    """

    def __init__(self, schedule: SampleSchedule):
        super().__init__()
        self.schedule = schedule
        self.warned = False
        self.shown = ""  # "9 of 100 domains", once that is said.

    def on_train_begin(self, logs=None):
        """Draws what a process that ended right after the checkpoint left out."""
        super().on_train_begin(logs)
        drawn = self.schedule.folder.glob(f"{folder_name(self.step)}*.png")
        if self.step and self._is_due() and not any(drawn):
            interruption.abandoned_on_stop(self.sample)

    def on_step(self, logs):
        """Draws if it is time."""
        if self._is_due():
            interruption.abandoned_on_stop(self.sample)

    def _is_due(self) -> bool:
        at_end = self.step == self.schedule.total_steps
        return at_end or self.step % self.schedule.every == 0

    def sample(self):
        """Draws the pictures and says what they show."""

    def say_shown(self, shown: int, total: int) -> None:
        """Says, once in a process, that the pictures show some of the domains only.

        Args:
            shown: how many they show.
            total: how many there are.
        """
        if shown == total or self.shown:
            return
        self.shown = f"{shown} of {total} domains"
        print(
            f"The sample pictures and diagnostics are of {self.shown}, evenly spread; "
            "'stargan-tf translate' shows any."
        )

    def write_picture(self, picture: Image.Image, kind: str = "") -> None:
        """Writes a picture of this step.

        Args:
            picture: the picture.
            kind: what it is, where a step has several; part of its name.
        """
        picture = with_caption(reduced(picture), self.shown)
        ending = f"_{kind}" if kind else ""
        name = f"{folder_name(self.step)}{ending}.png"
        write_picture(picture, self.schedule.folder / name)
        for writer in self.schedule.writers:
            writer.write_picture(self.step, kind or "samples", np.asarray(picture))

    def write(self, values: Mapping[str, float]) -> None:
        """Writes the diagnostics of this step.

        Args:
            values: name → number.
        """
        for writer in self.schedule.writers:
            writer.write(self.step, values)

    def warn_if_ignored(self, effect: float, text: str) -> None:
        """Warns, once in a run, that the generator ignores what it should heed.

        Args:
            effect: how much it changes the pictures; early in a run it is no matter.
            text: the warning.
        """
        if self.warned or self.is_early or effect >= IGNORED:
            return
        self.warned = True
        warnings.warn(text, stacklevel=2)

    @property
    def is_early(self) -> bool:
        """The first fifth, in which every generator copies its input."""
        return 5 * self.step < self.schedule.total_steps
