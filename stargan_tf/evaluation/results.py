"""The numbers of an evaluation, and their means over tasks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from stargan_tf.evaluation.classification_error import wilson_interval
from stargan_tf.evaluation.examples import Example
from stargan_tf.evaluation.measurement import Measurement
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
    """

    name: str
    guide: str
    target: str
    source: str | None
    sources: int
    outputs: int
    measurements: Sequence[Measurement]
    examples: Sequence[Example] = field(default=(), repr=False)

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
        unreadable: held-out images left out.
    """

    tasks: Sequence[TaskResult]
    real: Sequence[Measurement] = ()
    unreadable: int = 0

    @property
    def means(self) -> dict[str, Measurement]:
        """Name → mean over the tasks that have it; shares of answers are pooled.

        With latent and reference guides the names are such as `latent_fid`.
        """
        groups: dict[str, list[Measurement]] = {}
        for task in self.tasks:
            for one in task.measurements:
                groups.setdefault(flat_name(task.guide, one.name), []).append(one)
        return {name: _mean(name, group) for name, group in groups.items()}

    @property
    def notes(self) -> list[str]:
        """What a reader must know, each once."""
        found = (one.note for task in self.tasks for one in task.measurements)
        notes = list(dict.fromkeys(note for note in found if note))
        if self.unreadable:
            notes.append(f"{self.unreadable} held-out images could not be read.")
        return notes


def flat_name(guide: str, name: str) -> str:
    """A number's name among all of an evaluation: `fid`, `latent_fid`.

    Args:
        guide: see `Task`.
        name: of the measurement.
    """
    return f"{guide}_{name}" if guide in _PREFIXED else name


def _mean(name: str, group: Sequence[Measurement]) -> Measurement:
    counts = _totals(one.counts for one in group)
    notes = list(dict.fromkeys(one.note for one in group if one.note))
    first = Measurement(name, 0.0, counts, group[0].protocol, note=" ".join(notes))
    if not notes:
        first = replace(first, note=None)
    if all(one.interval for one in group):
        total = counts["answers"]
        hits = sum(round(one.value * one.counts["answers"]) for one in group)
        return replace(first, value=hits / total, interval=wilson_interval(hits, total))
    return replace(first, value=float(np.mean([one.value for one in group])))


def _totals(counts: Iterable) -> dict[str, int]:
    totals: dict[str, int] = {}
    for one in counts:
        for name, number in one.items():
            totals[name] = totals.get(name, 0) + number
    return totals
