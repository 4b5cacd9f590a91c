"""The results of an evaluation: numbers, examples, tables, and `results.json`."""

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

RESULTS_FILE = "results.json"
FORMAT = 1  # version of this file
# Two evaluations are comparable only if these are equal: key → description.
CONDITIONS = {"data": "data", "options": "options", "functions": "user functions"}
# Number of best and of worst examples: per task, and in the report.
KEPT, SHOWN = 4, 8


@dataclass(frozen=True)
class Scores:
    """Scores of the translations of a batch; higher is better.

    Args:
        name: description of the score, such as "PSNR to the true image, dB".
        values: float array (n,); NaN for no score.
        value_format: format specification of the values.
    """

    name: str
    values: np.ndarray
    value_format: str = ".1f"


@dataclass(frozen=True)
class Example:
    """An image (h, w, c), its translation, and the score."""

    name: str
    score: float
    score_name: str
    value_format: str
    source: np.ndarray
    output: np.ndarray


def best_and_worst(
    examples: Sequence[Example], batch: Translated, scores: Scores
) -> list[Example]:
    """Adds a batch to the examples; keeps the best and the worst, the best first."""
    ranked = list(examples)
    for place in np.flatnonzero(np.isfinite(scores.values)).tolist():
        example = Example(
            name=batch.names[place],
            score=float(scores.values[place]),
            score_name=scores.name,
            value_format=scores.value_format,
            # Copies, because a view would keep the whole batch in memory.
            source=batch.images[place].copy(),
            output=batch.first[place].copy(),
        )
        ranked.append(example)
    # Equal scores are ordered by name, so the result does not depend on batches.
    ranked.sort(key=lambda example: (-example.score, example.name))
    return ranked if len(ranked) <= 2 * KEPT else ranked[:KEPT] + ranked[-KEPT:]


@dataclass(frozen=True)
class TaskResult:
    """The results of a task.

    Args:
        name: name of the task.
        guide: what determines the translation; see `Task`.
        target: the target as text.
        source: name of the images' domain, if they all have the same.
        sources: number of translated images.
        outputs: number of translations per image.
        measurements: the numbers.
        examples: translations with scores, the best first.
        unreadable: indices of held-out images that could not be read.
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
        """Returns the value of a number such as `"fid"`, or None."""
        return next((m.value for m in self.measurements if m.name == name), None)


@dataclass(frozen=True)
class Results:
    """The results of an evaluation; `print` shows them as a table.

    Args:
        tasks: results of each task.
        real: numbers of the real images.
        seed: seed of the confidence intervals of means.
        overall: numbers of several tasks together.
    """

    tasks: Sequence[TaskResult]
    real: Sequence[Measurement] = ()
    seed: int = 0
    overall: Sequence[Measurement] = ()

    @cached_property
    def means(self) -> dict[str, Measurement]:
        """Name → mean over the tasks with this number; error rates are pooled.

        For models with latents and references, names have a prefix, such as
        `latent_fid`.
        """
        groups: dict[str, list[Measurement]] = {}
        for task in self.tasks:
            prefix = f"{task.guide}_" if task.guide in (LATENT, REFERENCE) else ""
            for measurement in task.measurements:
                groups.setdefault(prefix + measurement.name, []).append(measurement)
        means = {name: _mean(name, group, self.seed) for name, group in groups.items()}
        return means | {measurement.name: measurement for measurement in self.overall}

    def __str__(self) -> str:
        return results_table(self)

    @property
    def changing(self) -> list[TaskResult]:
        """Results of the tasks that change a label or style."""
        return [task for task in self.tasks if task.guide != OWN]

    @property
    def columns(self) -> list[str]:
        """Names of the numbers of these tasks, in order."""
        return list(
            dict.fromkeys(m.name for task in self.changing for m in task.measurements)
        )

    @property
    def notes(self) -> list[str]:
        """Unique notes of all numbers, and the number of unreadable images."""
        every = [m.note for task in self.tasks for m in task.measurements]
        every += [measurement.note for measurement in self.overall]
        notes = list(dict.fromkeys(note for note in every if note))
        unreadable = len({row for task in self.tasks for row in task.unreadable})
        if unreadable:
            images = "image" if unreadable == 1 else "images"
            notes.append(f"{unreadable} held-out {images} could not be read.")
        return notes


def _mean(name: str, group: Sequence[Measurement], seed: int) -> Measurement:
    notes = list(dict.fromkeys(m.note for m in group if m.note))
    value, interval = float(np.mean([m.value for m in group])), None
    counts = {"tasks": len(group)}
    by_task = [m.by_image for m in group if m.by_image is not None]
    if len(by_task) == len(group):
        whole = ByImage.joined(by_task)
        counts["images"] = len(whole.rows)
        if whole.share:
            counts["answers"] = int(whole.answers.sum())
            value, by_task = whole.value, [whole]
        interval = bootstrap_interval(by_task, seed)
    return Measurement(
        name,
        value,
        counts,
        group[0].protocol,
        interval=interval,
        note=" ".join(notes) or None,
    )


def drop_hidden_examples(results: list[TaskResult]) -> None:
    """Removes examples that a report does not show; 100 domains have 9,900 tasks."""
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
    """Returns the content of `results.json`: the numbers and how to reproduce them."""
    return {
        "format": FORMAT,
        **context,
        "options": asdict(options),
        "means": {name: mean.to_dict() for name, mean in results.means.items()},
        "real_images": [m.to_dict() for m in results.real],
        "tasks": [
            {
                "name": task.name,
                "guide": task.guide,
                "source": task.source,
                "target": task.target,
                "images": task.sources,
                "outputs": task.outputs,
                "measurements": [m.to_dict() for m in task.measurements],
            }
            for task in results.tasks
        ],
        "notes": results.notes,
    }


def write_record(record: Mapping[str, Any], path: Path) -> None:
    """Writes the JSON file atomically; raises InputError if it cannot be written."""
    text = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
    write_text(path, text, "results")


def read_record(path: Path) -> dict[str, Any]:
    """Reads a file of `write_record`; raises InputError for any other file."""
    try:
        record = read_json(path)
        if record["format"] == FORMAT:
            for mean in record["means"].values():
                if type(mean["value"]) not in (int, float):
                    raise TypeError(f"a mean is {mean['value']!r}")
                mean["value"] = float(mean["value"])
            for key in CONDITIONS:
                dict(record.get(key) or {})  # Raises if it is not a mapping.
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
            f"{path} is not a results file of 'stargan-tf evaluate' "
            f"({shortened(str(error), MAX_REASON)})."
        ) from error
    received = shortened(str(record["format"]))
    raise InputError(
        f"Results files must have format {FORMAT}. Received: {path} with format "
        f"{received}."
    )


def results_table(results: Results) -> str:
    """Returns a table with a row per task, then the means and the notes."""
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
    for measurement in results.real:
        if "/" not in measurement.name:  # Those of single labels are only in the file.
            name = measurement.name.removesuffix("_real")
            error = replace(measurement, name=name)
            value, interval = formatted(name, error.value), formatted_interval(error)
            rows.append(["classification error on real images", value, interval])
    blocks.append(aligned(rows))
    blocks += [f"Note: {note}" for note in results.notes]
    return "\n\n".join(blocks)


def formatted_interval(measurement: Measurement) -> str:
    """Formats a number's interval; empty without an interval."""
    bounds = measurement.interval or ()
    return " to ".join(formatted(measurement.name, bound) for bound in bounds)


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Joins rows to lines; the first column is left-aligned, others right-aligned."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for first, *others in rows:
        cells = [c.rjust(w) for c, w in zip(others, widths[1:], strict=True)]
        lines.append("  ".join([first.ljust(widths[0]), *cells]).rstrip())
    return "\n".join(lines)
