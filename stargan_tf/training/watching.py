"""What a run is watched by: when samples are drawn, of which images, what they say."""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image

from stargan_tf import interruption
from stargan_tf.data.source import LabeledImages, UnreadableImage
from stargan_tf.evaluation.tasks import subsample
from stargan_tf.training.callbacks import StepCallback
from stargan_tf.training.checkpoints import folder_name
from stargan_tf.training.metric_log import MetricLog
from stargan_tf.translation.grid import reduced, with_caption
from stargan_tf.translation.pictures import write_picture

# Mean absolute difference, with images in [-1, 1], below which no eye sees a change.
NO_VISIBLE_CHANGE = 0.01


@dataclass(frozen=True)
class SampleSchedule:
    """When pictures are drawn, and where they go.

    Args:
        folder: the run's `samples/`.
        log: where the diagnostics, and the pictures again, go.
        every: steps from one to the next.
        total_steps: length of the run.
    """

    folder: Path
    log: MetricLog
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
        """Says, once in a process, how many of all domains the pictures show."""
        if shown == total or self.shown:
            return
        self.shown = f"{shown} of {total} domains"
        print(
            f"The sample pictures and diagnostics are of {self.shown}, evenly spread; "
            "'stargan-tf translate' shows any."
        )

    def write_picture(self, picture: Image.Image, kind: str = "") -> None:
        """Writes a picture of this step; its kind is part of the name."""
        picture = with_caption(reduced(picture), self.shown)
        ending = f"_{kind}" if kind else ""
        name = f"{folder_name(self.step)}{ending}.png"
        write_picture(picture, self.schedule.folder / name)
        self.schedule.log.write_picture(
            self.step, kind or "samples", np.asarray(picture)
        )

    def write(self, values: Mapping[str, float]) -> None:
        """Writes the diagnostics of this step."""
        self.schedule.log.write(self.step, values)

    def warn_if_ignored(self, effect: float, text: str) -> None:
        """Warns, once in a run, that what should change the pictures does not."""
        # In the first fifth of a run every generator copies its input.
        is_early = 5 * self.step < self.schedule.total_steps
        if self.warned or is_early or effect >= NO_VISIBLE_CHANGE:
            return
        self.warned = True
        warnings.warn(text, stacklevel=2)


@dataclass(frozen=True)
class HeldOutImages:
    """Images of one data set, with their labels.

    Args:
        images: uint8 (n, size, size, 3).
        labels: float32 (n, number of domains).
        dataset: index of their data set in the model's `LabelSpace`.
    """

    images: np.ndarray
    labels: np.ndarray
    dataset: int

    @property
    def domains(self) -> np.ndarray:
        """The number of each image's domain, int32 (n,); for one-hot labels."""
        return self.labels.argmax(axis=1).astype(np.int32)


def pick(source: LabeledImages, dataset: int, count: int) -> HeldOutImages:
    """Some images spread over a data set, the same ones at each call."""
    return load_some(source, subsample(np.arange(len(source)), count), dataset)


def load_some(
    source: LabeledImages, rows: Iterable[int], dataset: int = 0
) -> HeldOutImages:
    """Images of a data set by their numbers.

    Raises:
        UnreadableImage: if none of them can be read.
    """
    found = []
    for index in rows:
        try:
            found.append((source.load(int(index)), source.labels[index]))
        except UnreadableImage:
            continue
    if not found:
        raise UnreadableImage(
            f"None of the held-out images of '{source.info.name}' can be read."
        )
    images, labels = map(np.stack, zip(*found, strict=True))
    return HeldOutImages(images, labels, dataset)


def label_effect(columns: Sequence[np.ndarray]) -> float:
    """How much the label matters: mean |G(x, c1) - G(x, c2)|, images in [-1, 1].

    Args:
        columns: uint8 images (n, height, width, 3), one array for each of at least
            two target labels.
    """
    pairs = pairwise(columns)
    effects = [np.abs(a.astype(np.int16) - b).mean() / 127.5 for a, b in pairs]
    return float(np.mean(effects))


def critic_view(real: np.ndarray, fakes: np.ndarray) -> dict[str, float]:
    """How easily the critic tells held-out images from their translations.

    Args:
        real: the critic's scores of n real images, (n,).
        fakes: those of k translations of each, (k, n).
    """
    return {
        "critic_gap": float(np.mean(real - fakes)),
        "critic_wins": float(np.mean(real > fakes)),
    }
