"""The numbers of an evaluation, and their means over tasks."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from stargan_tf.errors import InputError
from stargan_tf.evaluation.measures import ByImage, Measurement, bootstrap_interval
from stargan_tf.evaluation.options import (
    EvaluationOptions,
    direction,
    number_name,
    written,
)
from stargan_tf.evaluation.tasks import LATENT, OWN, REFERENCE, Example
from stargan_tf.files import read_json, write_text

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


# The results as JSON: the numbers, and everything needed to get them again.

FORMAT = 1


def results_record(
    results: Results, options: EvaluationOptions, **context: Any
) -> dict[str, Any]:
    """A JSON-ready dictionary.

    Args:
        results: of an evaluation.
        options: how they came about.
        **context: further entries, such as `model`, `data` and `versions`.
    """
    return {
        "format": FORMAT,
        **context,
        "options": asdict(options),
        "means": {name: one.to_dict() for name, one in results.means.items()},
        "real_images": [one.to_dict() for one in results.real],
        "tasks": [_task(task) for task in results.tasks],
        "notes": results.notes,
    }


def _task(task: TaskResult) -> dict[str, Any]:
    return {
        "name": task.name,
        "guide": task.guide,
        "source": task.source,
        "target": task.target,
        "images": task.sources,
        "outputs": task.outputs,
        "measurements": [one.to_dict() for one in task.measurements],
    }


def write_record(record: dict[str, Any], path: Path) -> None:
    """Writes the JSON file, in full or not at all.

    Args:
        record: from `results_record`.
        path: where to; missing folders are made.

    Raises:
        InputError: if it cannot be written.
    """
    text = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
    write_text(path, text, "results")


def read_record(path: Path) -> dict[str, Any]:
    """Reads what `write_record` wrote.

    Args:
        path: the file.

    Raises:
        InputError: if it cannot be read, or is another kind of file.
    """
    try:
        record = read_json(path)
        if record["format"] == FORMAT and record["means"] is not None:
            return record
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path} is no results file of 'stargan-tf evaluate' ({error!r})."
        ) from error
    raise InputError(
        f"{path} has format {record['format']}; this version reads {FORMAT}."
    )


# The results as a table on the screen.

ERROR = "classification_error"


def results_table(results: Results) -> str:
    """A row for each task, the means below, then what a reader must know.

    Args:
        results: of an evaluation.

    Returns:
        Lines for the screen.
    """
    names = column_names(results)
    heads = [f"{number_name(name).short} {direction(name)}" for name in names]
    rows = [
        [task.name, str(task.sources), *(written(n, task.value(n)) for n in names)]
        for task in results.tasks
        if task.guide != OWN
    ]
    blocks = [aligned([["", "images", *heads], *rows])] if names and rows else []
    blocks.append(_means(results))
    blocks += [f"Note: {note}" for note in results.notes]
    return "\n\n".join(blocks)


def column_names(results: Results) -> list[str]:
    """The numbers that tasks which change something have, in order.

    Args:
        results: of an evaluation.
    """
    tasks = [task for task in results.tasks if task.guide != OWN]
    return list(dict.fromkeys(one.name for t in tasks for one in t.measurements))


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Columns of equal width: the first to the left, the others to the right.

    Args:
        rows: cells; all rows have as many.

    Returns:
        A line for each row.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for first, *others in rows:
        cells = [c.rjust(w) for c, w in zip(others, widths[1:], strict=True)]
        lines.append("  ".join([first.ljust(widths[0]), *cells]).rstrip())
    return "\n".join(lines)


def written_interval(name: str, one: Measurement) -> str:
    """A number's interval as people read it; empty where there is none.

    Args:
        name: of the number, which decides its form.
        one: the number.
    """
    return " to ".join(written(name, end) for end in one.interval or ())


def _means(results: Results) -> str:
    rows = []
    for name, mean in results.means.items():
        value = written(name, mean.value)
        rows.append([_title(name), value, written_interval(name, mean)])
    for one in results.real:
        if "/" not in one.name:  # Those of single labels are in the file.
            value = written(ERROR, one.value)
            rows.append(["error, on real images", value, written_interval(ERROR, one)])
    return aligned(rows)


def _title(name: str) -> str:
    return f"{number_name(name).short}, {number_name(name).meaning} {direction(name)}"
