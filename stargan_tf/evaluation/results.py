"""Results of an evaluation: numbers, examples, the table, and `results.json`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from stargan_tf.errors import InputError, shortened
from stargan_tf.evaluation.measures import ByImage, Measurement, bootstrap_interval
from stargan_tf.evaluation.options import (
    EvaluationOptions,
    find_number,
    formatted,
    heading,
)
from stargan_tf.evaluation.tasks import LATENT, OWN, REFERENCE, Translated
from stargan_tf.files import read_json, write_text
from stargan_tf.limits import MAX_REASON

FORMAT = 1  # of results.json
# What two evaluations must agree in to be compared: key → what it is.
CONDITIONS = {"data": "data", "options": "options", "functions": "user functions"}
# Examples at each end: of a task, and in the report.
KEPT, SHOWN = 4, 8


@dataclass(frozen=True)
class Scores:
    """How well each image of a batch was translated: (n,), higher is better or NaN."""

    name: str  # For people, such as "PSNR to the true image, dB".
    values: np.ndarray
    form: str = ".1f"  # Format of a value.


@dataclass(frozen=True)
class Example:
    """An image (h, w, c), its translation, and the score."""

    name: str
    score: float
    score_name: str
    form: str
    source: np.ndarray
    output: np.ndarray


def best_and_worst(
    examples: Sequence[Example], batch: Translated, scores: Scores
) -> list[Example]:
    """The highest and the lowest scores of earlier and new ones, the best first."""
    found = list(examples)
    for place in np.flatnonzero(np.isfinite(scores.values)).tolist():
        score = float(scores.values[place])
        # Copies, for a view would keep its whole batch in memory.
        images = batch.images[place].copy(), batch.first[place].copy()
        found.append(
            Example(batch.names[place], score, scores.name, scores.form, *images)
        )
    # Equal scores in the order of names: the same ones whatever the batches.
    found.sort(key=lambda example: (-example.score, example.name))
    return found if len(found) <= 2 * KEPT else found[:KEPT] + found[-KEPT:]


@dataclass(frozen=True)
class TaskResult:
    """One row of the table; see `Task` for its first fields.

    Args:
        name: of the task.
        guide: of the task.
        target: of the task.
        source: of the task.
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
        """A number of this row, such as `"fid"`; None if it has none of that name."""
        return next((m.value for m in self.measurements if m.name == name), None)


@dataclass(frozen=True)
class Results:
    """Everything an evaluation gives.

    Args:
        tasks: the rows.
        real: numbers of the real images.
        seed: of the intervals of the means.
        overall: numbers of several tasks together.
    """

    tasks: Sequence[TaskResult]
    real: Sequence[Measurement] = ()
    seed: int = 0
    overall: Sequence[Measurement] = ()

    @cached_property
    def means(self) -> dict[str, Measurement]:
        """Name → mean over the tasks that have it; shares of answers are pooled.

        Where a model has both latent and reference guides, names are such as
        `latent_fid`.
        """
        groups: dict[str, list[Measurement]] = {}
        for task in self.tasks:
            start = f"{task.guide}_" if task.guide in (LATENT, REFERENCE) else ""
            for one in task.measurements:
                groups.setdefault(start + one.name, []).append(one)
        means = {name: _mean(name, group, self.seed) for name, group in groups.items()}
        return means | {one.name: one for one in self.overall}

    def __str__(self) -> str:
        return results_table(self)

    @property
    def changing(self) -> list[TaskResult]:
        """The tasks that change a label or style."""
        return [task for task in self.tasks if task.guide != OWN]

    @property
    def columns(self) -> list[str]:
        """The numbers that tasks which change something have, in order."""
        return list(
            dict.fromkeys(m.name for task in self.changing for m in task.measurements)
        )

    @property
    def notes(self) -> list[str]:
        """What a reader must know, each once."""
        every = [m.note for task in self.tasks for m in task.measurements]
        every += [one.note for one in self.overall]
        notes = list(dict.fromkeys(note for note in every if note))
        unreadable = len({row for task in self.tasks for row in task.unreadable})
        if unreadable:
            images = "image" if unreadable == 1 else "images"
            notes.append(f"{unreadable} held-out {images} could not be read.")
        return notes


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


def drop_hidden_examples(results: list[TaskResult]) -> None:
    """Keeps the examples that a report can show: a hundred domains have 9,900 tasks."""
    examples = {n: task.examples for n, task in enumerate(results) if task.examples}
    if len(examples) <= 2 * SHOWN:
        return
    name = next(iter(examples.values()))[0].score_name
    same = [n for n, some in examples.items() if some[0].score_name == name]
    best = sorted(same, key=lambda n: -examples[n][0].score)
    worst = sorted(reversed(same), key=lambda n: examples[n][-1].score)
    for number in examples.keys() - {*best[:SHOWN], *worst[:SHOWN]}:
        results[number] = replace(results[number], examples=())


def results_record(
    results: Results, options: EvaluationOptions, **context: Any
) -> dict[str, Any]:
    """What `results.json` says: the numbers, and all one needs to get them again."""
    return {
        "format": FORMAT,
        **context,
        "options": asdict(options),
        "means": {name: one.to_dict() for name, one in results.means.items()},
        "real_images": [one.to_dict() for one in results.real],
        "tasks": [
            {
                "name": task.name,
                "guide": task.guide,
                "source": task.source,
                "target": task.target,
                "images": task.sources,
                "outputs": task.outputs,
                "measurements": [one.to_dict() for one in task.measurements],
            }
            for task in results.tasks
        ],
        "notes": results.notes,
    }


def write_record(record: Mapping[str, Any], path: Path) -> None:
    """Writes the JSON file, in full or not at all; InputError if it cannot."""
    text = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
    write_text(path, text, "results")


def read_record(path: Path) -> dict[str, Any]:
    """Reads what `write_record` wrote; InputError if it is another kind of file."""
    try:
        record = read_json(path)
        if record["format"] == FORMAT:
            for mean in record["means"].values():
                if type(mean["value"]) not in (int, float):
                    raise TypeError(f"a mean is {mean['value']!r}")
                mean["value"] = float(mean["value"])
            for key in CONDITIONS:
                dict(record.get(key) or {})  # Raises if it is nothing of the kind.
            return record
    except (
        OSError,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        OverflowError,
    ) as error:
        raise InputError(
            f"{path} is no results file of 'stargan-tf evaluate' "
            f"({shortened(str(error), MAX_REASON)})."
        ) from error
    received = shortened(str(record["format"]))
    raise InputError(f"{path} has format {received}; this version reads {FORMAT}.")


def results_table(results: Results) -> str:
    """A row for each task, the means below, then what a reader must know."""
    names, blocks = results.columns, []
    if names and results.changing:
        rows = [["", "images", *map(heading, names)]]
        for task in results.changing:
            values = (formatted(name, task.value(name)) for name in names)
            rows.append([task.name, str(task.sources), *values])
        blocks.append(aligned(rows))
    rows = []
    for name, mean in results.means.items():
        number = find_number(name)
        title = f"{number.short}, {number.meaning} {number.arrow}" if number else name
        rows.append([title, formatted(name, mean.value), formatted_interval(mean)])
    for one in results.real:
        if "/" not in one.name:  # Those of single labels are in the file.
            like = replace(one, name=one.name.removesuffix("_real"))
            value, interval = formatted(like.name, like.value), formatted_interval(like)
            rows.append(["classification error on real images", value, interval])
    blocks.append(aligned(rows))
    blocks += [f"Note: {note}" for note in results.notes]
    return "\n\n".join(blocks)


def formatted_interval(one: Measurement) -> str:
    """A number's interval as people read it; empty where there is none."""
    return " to ".join(formatted(one.name, end) for end in one.interval or ())


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Lines with columns of equal width: the first to the left, others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for first, *others in rows:
        cells = [c.rjust(w) for c, w in zip(others, widths[1:], strict=True)]
        lines.append("  ".join([first.ljust(widths[0]), *cells]).rstrip())
    return "\n".join(lines)
