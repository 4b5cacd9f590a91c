"""The numbers of an evaluation, and their means over tasks."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from stargan_tf.evaluation.examples import Example
from stargan_tf.evaluation.measurement import ByImage, Measurement, bootstrap_interval
from stargan_tf.evaluation.task import LATENT, REFERENCE

# Guides that a number's name is preceded by, where a model has both.
_PREFIXED = (LATENT, REFERENCE)


@dataclass(frozen=True)
class TaskResult:
    """One row of the table.

    Args:
        name: of the task.
        guide: see `Task`.
        target: the target in words.
        source: the images' domain, if they share one.
        sources: number of images translated.
        outputs: translations of each.
        measurements: the numbers.
        examples: translations with scores, the best first.
        unreadable: numbers of the held-out images that were left out.
    """

    name: str
    guide: str
    target: str
    source: str | None
    sources: int
    outputs: int
    measurements: Sequence[Measurement]
    examples: Sequence[Example] = field(default=(), repr=False)
    unreadable: Sequence[int] = ()

    def value(self, name: str) -> float | None:
        """A number of this row; None if it has none of that name.

        Args:
            name: such as `"fid"`.
        """
        found = [one.value for one in self.measurements if one.name == name]
        return found[0] if found else None


@dataclass(frozen=True)
class Results:
    """Everything an evaluation gives.

    Args:
        tasks: the rows.
        real: numbers of the real images.
        seed: of the intervals of the means.
    """

    tasks: Sequence[TaskResult]
    real: Sequence[Measurement] = ()
    seed: int = 0

    @property
    def unreadable(self) -> int:
        """Number of held-out images left out, each counted once."""
        return len({row for task in self.tasks for row in task.unreadable})

    @cached_property
    def means(self) -> dict[str, Measurement]:
        """Name → mean over the tasks that have it; shares of answers are pooled.

        With latent and reference guides the names are such as `latent_fid`.
        """
        groups: dict[str, list[Measurement]] = {}
        for task in self.tasks:
            for one in task.measurements:
                groups.setdefault(flat_name(task.guide, one.name), []).append(one)
        return {name: _mean(name, group, self.seed) for name, group in groups.items()}

    @property
    def notes(self) -> list[str]:
        """What a reader must know, each once."""
        found = (one.note for task in self.tasks for one in task.measurements)
        notes = list(dict.fromkeys(note for note in found if note))
        if self.unreadable:
            images = "image" if self.unreadable == 1 else "images"
            notes.append(f"{self.unreadable} held-out {images} could not be read.")
        return notes


def flat_name(guide: str, name: str) -> str:
    """A number's name among all of an evaluation: `fid`, `latent_fid`.

    Args:
        guide: see `Task`.
        name: of the measurement.
    """
    return f"{guide}_{name}" if guide in _PREFIXED else name


def _mean(name: str, group: Sequence[Measurement], seed: int) -> Measurement:
    notes = list(dict.fromkeys(one.note for one in group if one.note))
    value, interval = float(np.mean([one.value for one in group])), None
    counts = {"tasks": len(group)}
    parts = [one.by_image for one in group if one.by_image is not None]
    if len(parts) == len(group):
        whole = ByImage.joined(parts)
        counts["images"] = len(whole.rows)
        if whole.share:
            counts["answers"] = int(whole.answers.sum())
            value, parts = whole.value, [whole]
        interval = bootstrap_interval(parts, seed)
    return Measurement(
        name,
        value,
        counts,
        group[0].protocol,
        interval=interval,
        note=" ".join(notes) or None,
    )
