"""What a run is watched by: when samples are drawn, of which images, what they say."""

import itertools
import warnings
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from stargan_tf import interruption
from stargan_tf.data.pictures import to_float
from stargan_tf.data.source import LabeledImages, UnreadableImage
from stargan_tf.evaluation.tasks import subsample
from stargan_tf.steering.labels import all_targets
from stargan_tf.training.callbacks import StepCallback
from stargan_tf.training.checkpoints import folder_name
from stargan_tf.training.metric_log import MetricLog
from stargan_tf.translation.grid import draw_grid, reduced, with_caption
from stargan_tf.translation.pictures import write_picture

# Mean absolute difference, with images in [-1, 1], below which no eye sees a change.
NO_VISIBLE_CHANGE = 0.01
ROWS, COLUMNS = 8, 16  # at most, so that no picture grows with the domains


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
    pairs = itertools.pairwise(columns)
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


# === Models that labels steer ===


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
                f"at step {self.step}). Check the labels; more weight on the "
                "classification loss, or less on the reconstruction, helps.",
            )
        self.write(values)

    def _score(self, images: np.ndarray) -> np.ndarray:
        scores, _ = self.model.discriminator(to_float(images), training=False)
        return np.asarray(scores).reshape(len(images), -1).mean(axis=1)


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
