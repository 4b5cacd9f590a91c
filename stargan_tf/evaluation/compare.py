"""Several runs side by side, as a table and as plots."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

from stargan_tf.errors import InputError
from stargan_tf.evaluation.options import find_number, formatted, heading, is_better
from stargan_tf.evaluation.results import aligned, read_record
from stargan_tf.files import parsed_json, write_bytes

BEST = "*"
METRICS_FILE, RESULTS_FILE = "metrics.jsonl", "results.json"
# What must be equal for numbers to be compared, and what to call it.
_CONDITIONS = {"data": "data", "options": "options", "functions": "user functions"}
COLUMNS = 3
# Distinguishable with color blindness (Okabe and Ito 2008).
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
_STYLE = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#98a1ad",
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.grid": True,
    "grid.color": "#e8ebf0",
    "axes.axisbelow": True,
    "font.size": 9,
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
    """Reads run folders or results files, with names that tell them apart.

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
    """Why evaluations should not be compared; empty if they may be."""
    records = [one.results for one in contenders if one.results]
    reasons = []
    for key, words in _CONDITIONS.items():
        conditions = [dict(record.get(key) or {}) for record in records]
        for condition in conditions:
            condition.pop("batch_size", None)  # No number depends on it.
        if any(condition != conditions[0] for condition in conditions):
            reasons.append(
                f"The evaluations differ in their {words}: their numbers cannot be "
                "compared."
            )
    return reasons


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


def comparison_table(contenders: Sequence[Contender]) -> str:
    """Evaluations first, then the last values of training; the best are marked."""
    blocks = []
    for title, values in (
        ("Evaluation", [one.means for one in contenders]),
        ("Last values of training", [one.last for one in contenders]),
    ):
        names = list(dict.fromkeys(name for column in values for name in column))
        if names:
            heads = [title, *(one.name for one in contenders)]
            rows = [[heading(name), *_cells(name, values)] for name in names]
            blocks.append(aligned([heads, *rows]))
    blocks += differing_conditions(contenders)
    if any(BEST in block for block in blocks):
        blocks.append(f"{BEST} the best of its row")
    return "\n\n".join(blocks)


def _cells(name: str, columns: Sequence[Mapping[str, float]]) -> list[str]:
    values = [column.get(name) for column in columns]
    known = [value for value in values if value is not None and value == value]
    cells = []
    for value in values:
        best = (
            find_number(name)
            and value in known
            and min(known) < max(known)
            and not any(is_better(name, other, value) for other in known)
        )
        cells.append(formatted(name, value) + (BEST if best else " "))
    return cells


def check_plotting() -> None:
    """Raises ImportError, naming the extra, where matplotlib is not installed."""
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "Plots need matplotlib: pip install 'stargan_tf[eval]'"
        ) from error


def write_plot(contenders: Sequence[Contender], path: Path) -> None:
    """Draws a panel for each number that two runs or more have.

    Args:
        contenders: the runs.
        path: a `.png`, `.svg` or `.pdf` file.

    Raises:
        InputError: if there is nothing to draw, or the file cannot be written.
        ImportError: if matplotlib is missing.
    """
    check_plotting()
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    means = _shared([one.means for one in contenders])
    curves = _shared([one.curves for one in contenders])
    if not (means or curves):
        raise InputError("There is nothing to draw: the runs share no number.")
    rows = -(-(len(means) + len(curves)) // COLUMNS)
    colored = list(zip(contenders, itertools.cycle(COLORS), strict=False))
    with rc_context(_STYLE):
        figure = Figure((4 * COLUMNS, 2.7 * rows + 0.5), layout="constrained", dpi=110)
        FigureCanvasAgg(figure)
        panels = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
        for name, panel in zip(means, panels, strict=False):
            panel.set_title(f"{heading(name)}, evaluated", loc="left")
            panel.set_xticks([])
            panel.grid(axis="x", visible=False)
            for place, (one, color) in enumerate(colored):
                if name in one.means:
                    panel.bar(place, one.means[name], color=color, width=0.6)
        for name, panel in zip(curves, panels[len(means) :], strict=False):
            panel.set_title(heading(name), loc="left")
            panel.set_xlabel("step")
            for one, color in colored:
                if name in one.curves:
                    steps, values = one.curves[name]
                    mark = "o" if len(steps) < 2 else None
                    panel.plot(steps, values, color=color, lw=1.4, marker=mark)
        for panel in panels[len(means) + len(curves) :]:
            panel.set_axis_off()
        lines = [Line2D([], [], color=c, lw=3, label=one.name) for one, c in colored]
        columns = min(4, len(lines))
        where = "outside upper left"
        figure.legend(handles=lines, loc=where, ncols=columns, frameon=False)
        drawn = BytesIO()
        figure.savefig(drawn, format=path.suffix[1:].lower())
    write_bytes(path, drawn.getvalue(), "plot")


def _shared(columns: Sequence[Mapping[str, Any]]) -> list[str]:
    """Names that at least two of the runs have."""
    every = [name for column in columns for name in column]
    return [name for name in dict.fromkeys(every) if every.count(name) > 1]
