"""Several runs side by side: what their files say."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stargan_tf.errors import InputError
from stargan_tf.evaluation.record import read_record
from stargan_tf.files import parsed_json

METRICS_FILE, RESULTS_FILE = "metrics.jsonl", "results.json"
# What must be equal for numbers to be compared, and what to call it.
_CONDITIONS = {
    "data": "data",
    "options": "options",
    "functions": "functions of the user's",
}


@dataclass(frozen=True)
class Contender:
    """One run.

    Args:
        name: heading of its column.
        curves: name → (steps, values), of `metrics.jsonl`.
        results: the content of `results.json`; None if it was not evaluated.
    """

    name: str
    curves: dict[str, tuple[list[int], list[float]]] = field(default_factory=dict)
    results: dict[str, Any] | None = None

    @property
    def means(self) -> dict[str, float]:
        """Name → mean of the evaluation."""
        means = self.results["means"] if self.results else {}
        return {name: mean["value"] for name, mean in means.items()}

    @property
    def last(self) -> dict[str, float]:
        """Name → last value during training."""
        return {name: values[-1] for name, (_, values) in self.curves.items()}


def read_contenders(paths: Sequence[str]) -> list[Contender]:
    """Reads runs.

    Args:
        paths: run folders, or results files.

    Returns:
        One for each, with names that tell them apart.

    Raises:
        InputError: if there are fewer than two, or one has nothing to compare.
    """
    if len(paths) < 2:
        raise InputError(
            "Name two runs or more, such as 'stargan-tf compare runs/a runs/b'. "
            f"Received: {' '.join(paths) or 'none'}"
        )
    names = _names([Path(path) for path in paths])
    return [_read(Path(p), name) for p, name in zip(paths, names, strict=True)]


def differing_conditions(contenders: Sequence[Contender]) -> list[str]:
    """Why evaluations should not be compared; empty if they may be.

    Args:
        contenders: the runs.
    """
    records = [one.results for one in contenders if one.results]
    return [
        f"The evaluations differ in their {words}: their numbers cannot be compared."
        for key, words in _CONDITIONS.items()
        if any(
            _relevant(record, key) != _relevant(records[0], key) for record in records
        )
    ]


def _relevant(record: dict[str, Any], key: str) -> dict[str, Any]:
    condition = dict(record.get(key) or {})
    condition.pop("batch_size", None)  # No number depends on it.
    return condition


def _read(path: Path, name: str) -> Contender:
    if path.is_file():
        return Contender(name, results=read_record(path))
    if not path.is_dir():
        raise InputError(f"There is no run folder or results file {path}.")
    metrics, results = path / METRICS_FILE, path / RESULTS_FILE
    if not (metrics.is_file() or results.is_file()):
        raise InputError(
            f"{path} has neither {METRICS_FILE} nor {RESULTS_FILE}. Pass the --run "
            "folder of 'stargan-tf train', or a file of 'stargan-tf evaluate'."
        )
    curves = _curves(metrics) if metrics.is_file() else {}
    return Contender(name, curves, read_record(results) if results.is_file() else None)


def _curves(path: Path) -> dict[str, tuple[list[int], list[float]]]:
    curves: dict[str, tuple[list[int], list[float]]] = {}
    records, damaged = read_metrics(path)
    if damaged:
        print(f"{path}: {damaged} damaged lines are left out.")
    for values in records:
        step = values.pop("step")
        for name, value in values.items():
            steps, numbers = curves.setdefault(name, ([], []))
            steps.append(step)
            numbers.append(float(value))
    return curves


def read_metrics(metrics_file: Path) -> tuple[list[dict[str, Any]], int]:
    """The lines that can be used.

    Args:
        metrics_file: a run's `metrics.jsonl`.

    Returns:
        A dictionary for each sound line, with its `step` and numbers; and how many
        lines are damaged. A last line without an end, which a kill cut short, is not
        counted among them.

    Raises:
        OSError: if the file cannot be read.
    """
    *lines, last = metrics_file.read_bytes().split(b"\n")
    records = [_record(line) for line in lines]
    damaged = sum(record is None for record in records)
    return [record for record in (*records, _record(last)) if record], damaged


def _record(line: bytes) -> dict[str, Any] | None:
    try:
        record = parsed_json(line)
    except ValueError:
        return None
    if not isinstance(record, dict) or type(record.get("step")) is not int:
        return None
    is_sound = all(type(value) in (int, float) for value in record.values())
    return record if is_sound else None


def _names(paths: Sequence[Path]) -> list[str]:
    """The shortest ends of the paths that tell them apart."""
    parts = [path.absolute().parts for path in paths]
    for length in range(1, max(map(len, parts)) + 1):
        names = ["/".join(part[-length:]) for part in parts]
        if len(set(names)) == len(names):
            return names
    raise InputError(
        f"Each run once. Received: {' '.join(str(path) for path in paths)}"
    )
