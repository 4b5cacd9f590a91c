"""Several runs as a table: a row for each number, a column for each run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

from stargan_tf.errors import InputError
from stargan_tf.evaluation.options import (
    direction,
    is_better,
    is_known,
    number_name,
    written,
)
from stargan_tf.evaluation.results import aligned, read_record
from stargan_tf.files import parsed_json, write_bytes

# Several runs side by side: what their files say.

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


# Several runs as curves and bars.

COLUMNS = 3
# Told apart by people who see colours differently too (Okabe and Ito 2008).
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
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

    bars = _shared([one.means for one in contenders])
    curves = _shared([one.curves for one in contenders])
    if not (bars or curves):
        raise InputError("There is nothing to draw: the runs share no number.")
    rows = -(-(len(bars) + len(curves)) // COLUMNS)
    with rc_context(_STYLE):
        figure = Figure((4 * COLUMNS, 2.7 * rows + 0.5), layout="constrained", dpi=110)
        FigureCanvasAgg(figure)
        panels = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
        for name, panel in zip(bars, panels, strict=False):
            _bars(panel, name, contenders)
        for name, panel in zip(curves, panels[len(bars) :], strict=False):
            _curves_comparison_plot(panel, name, contenders)
        for panel in panels[len(bars) + len(curves) :]:
            panel.set_axis_off()
        _legend(figure, contenders)
        drawn = BytesIO()
        figure.savefig(drawn, format=path.suffix[1:].lower())
    write_bytes(path, drawn.getvalue(), "plot")


def _shared(columns: Sequence[dict]) -> list[str]:
    """Names that at least two of the runs have."""
    every = [name for column in columns for name in column]
    return [name for name in dict.fromkeys(every) if every.count(name) > 1]


def _bars(panel: Any, name: str, contenders: Sequence[Contender]) -> None:
    for place, one in enumerate(contenders):
        if name in one.means:
            panel.bar(place, one.means[name], color=_colour(place), width=0.6)
    panel.set_xticks([])
    panel.grid(axis="x", visible=False)
    panel.set_title(f"{_title(name)}, evaluated", loc="left")


def _curves_comparison_plot(
    panel: Any, name: str, contenders: Sequence[Contender]
) -> None:
    for place, one in enumerate(contenders):
        if name in one.curves:
            steps, values = one.curves[name]
            mark = "o" if len(steps) < 2 else None
            panel.plot(steps, values, color=_colour(place), lw=1.4, marker=mark)
    panel.set_xlabel("step")
    panel.set_title(_title(name), loc="left")


def _legend(figure: Any, contenders: Sequence[Contender]) -> None:
    from matplotlib.lines import Line2D

    lines = [
        Line2D([], [], color=_colour(place), lw=3, label=one.name)
        for place, one in enumerate(contenders)
    ]
    columns = min(4, len(lines))
    figure.legend(handles=lines, loc="outside upper left", ncols=columns, frameon=False)


def _colour(place: int) -> str:
    return COLOURS[place % len(COLOURS)]


def _title(name: str) -> str:
    if not is_known(name):
        return name
    return f"{number_name(name).short} {direction(name)}"


BEST = "*"


def comparison_table(contenders: Sequence[Contender]) -> str:
    """Evaluations first, then the last values of training.

    Args:
        contenders: the runs.

    Returns:
        Lines for the screen; the best of a row is marked where it is known which.
    """
    blocks = []
    for title, values in (
        ("Evaluation", [one.means for one in contenders]),
        ("Last values of training", [one.last for one in contenders]),
    ):
        names = list(dict.fromkeys(name for column in values for name in column))
        if names:
            heads = [title, *(one.name for one in contenders)]
            rows = [
                [_title_comparison_table(name), *_cells(name, values)] for name in names
            ]
            blocks.append(aligned([heads, *rows]))
    blocks += differing_conditions(contenders)
    if any(BEST in block for block in blocks):
        blocks.append(f"{BEST} the best of its row")
    return "\n\n".join(blocks)


def _title_comparison_table(name: str) -> str:
    if not is_known(name):
        return name
    return f"{number_name(name).short} {direction(name)}"


def _cells(name: str, columns: Sequence[Mapping[str, float]]) -> list[str]:
    values = [column.get(name) for column in columns]
    known = [value for value in values if value is not None and value == value]
    cells = []
    for value in values:
        best = (
            is_known(name)
            and value in known
            and min(known) < max(known)
            and not any(is_better(name, other, value) for other in known)
        )
        cells.append(written(name, value) + (BEST if best else " "))
    return cells
