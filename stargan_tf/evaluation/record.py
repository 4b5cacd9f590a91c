"""The results as JSON: the numbers, and everything needed to get them again."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from stargan_tf.errors import InputError
from stargan_tf.evaluation.options import EvaluationOptions
from stargan_tf.evaluation.results import Results, TaskResult
from stargan_tf.files import read_json, write_text

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
