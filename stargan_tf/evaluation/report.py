"""The HTML report of an evaluation, and comparisons of several runs.

The report is a self-contained HTML file with numbers and images.
"""

import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
from PIL import Image

from stargan_tf.data.info import size_text
from stargan_tf.data.pictures import data_url, shown
from stargan_tf.errors import InputError
from stargan_tf.evaluation.options import (
    NUMBERS,
    find_number,
    formatted,
    heading,
    is_better,
)
from stargan_tf.evaluation.results import (
    CONDITIONS,
    RESULTS_FILE,
    SHOWN,
    Example,
    Results,
    TaskResult,
    aligned,
    formatted_interval,
    read_record,
)
from stargan_tf.files import parsed_json, read_bytes, write_bytes, write_text
from stargan_tf.limits import MAX_TEXT_BYTES
from stargan_tf.native_output import note

# Maximum side of images in pixels; the browser enlarges smaller images.
LARGEST = 160

_Named = tuple[str, Example]  # name of the task, example


def write_report(record: Mapping[str, Any], results: Results, path: Path) -> None:
    """Writes the report atomically."""
    write_text(path, report_page(record, results), "report")


def report_page(record: Mapping[str, Any], results: Results) -> str:
    """Returns the report as HTML."""
    model, data = record["model"], record["data"]
    folder = Path(model["folder"])
    run = folder.parent.parent if folder.parent.name == "checkpoints" else folder
    title = f"{run.name or 'model'}: {model['family']} on {data['dataset']}"
    subtitle = (
        f"Step {model['step']:,} · {size_text(data['image_size'])} · "
        f"{data['held_out']['images']:,} held-out images · {', '.join(data['domains'])}"
    )
    sections = (_notes(results), _matrices(results), _tasks(results), _images(results))
    template = files("stargan_tf.evaluation").joinpath("report.html")
    return Template(template.read_text("utf-8")).substitute(
        title=escape(title),
        subtitle=escape(subtitle),
        tiles=_tiles(results),
        sections="".join(sections),
        facts="".join(
            f"<dt>{name}</dt><dd>{escape(fact)}</dd>"
            for name, fact in _facts(record).items()
            if fact
        ),
    )


def _tiles(results: Results) -> str:
    real = {m.name.removesuffix("_real"): m.value for m in results.real}
    tiles = []
    for name, mean in results.means.items():
        number, more = find_number(name), ""
        if mean.interval:
            more = f"<span>95 %: {formatted_interval(mean)}</span>"
        for ending, value in real.items():
            if name.endswith(ending):
                more += f"<span>on real images: {formatted(name, value)}</span>"
        tiles.append(
            f'<div class="tile"><span class="name">{escape(number.short)}&nbsp;'
            f"{number.arrow}</span><b>{formatted(name, mean.value)}</b>"
            f"<span>{escape(number.meaning)}</span>{more}</div>"
        )
    return "".join(tiles)


def _notes(results: Results) -> str:
    if not results.notes:
        return ""
    lines = "".join(f"<p>{escape(note)}</p>" for note in results.notes)
    return f'<h2>Notes</h2><div class="card notes">{lines}</div>'


def _matrices(results: Results) -> str:
    """A matrix per number, if tasks are pairs of domains."""
    pairs = [task for task in results.tasks if task.source is not None]
    numbers = dict.fromkeys(
        (task.guide, m.name) for task in pairs for m in task.measurements
    )
    if not numbers:
        return ""
    cards = [
        _matrix([task for task in pairs if task.guide == guide], guide, name)
        for guide, name in numbers
    ]
    return (
        "<h2>From source domain (row) to target domain (column)</h2>"
        f'<div class="matrices">{"".join(cards)}</div>'
    )


def _matrix(tasks: list[TaskResult], guide: str, name: str) -> str:
    values = {(task.source, task.target): task.value(name) for task in tasks}
    domains = list(dict.fromkeys(domain for pair in values for domain in pair))
    known = [value for value in values.values() if value is not None]
    rows = [f"<th></th>{''.join(f'<th>{escape(domain)}</th>' for domain in domains)}"]
    for source in domains:
        cells = (
            _cell(name, values.get((source, target)), min(known), max(known))
            for target in domains
        )
        rows.append(f"<th>{escape(source)}</th>{''.join(cells)}")
    table = "".join(f"<tr>{row}</tr>" for row in rows)
    title = escape(f"{guide}-guided: {heading(name)}")
    return f'<div class="card matrix"><h3>{title}</h3><table>{table}</table></div>'


def _cell(name: str, value: float | None, low: float, high: float) -> str:
    if value is None:
        return "<td>·</td>"
    share = (value - low) / (high - low) if high > low else 0.5
    good = share if NUMBERS[name].more_is_better else 1 - share
    color = f"rgb(47 111 107 / {good / 3:.0%})"  # Better values are greener.
    return f'<td style="background:{color}">{formatted(name, value)}</td>'


def _tasks(results: Results) -> str:
    names = results.columns
    if not (names and results.changing):
        return ""
    heads = "".join(
        f'<th title="{escape(NUMBERS[name].meaning)}">{escape(heading(name))}</th>'
        for name in names
    )
    rows = [f"<th>Target</th><th>images</th>{heads}"]
    for task in results.changing:
        cells = "".join(f"<td>{formatted(n, task.value(n))}</td>" for n in names)
        rows.append(f"<td>{escape(task.name)}</td><td>{task.sources:,}</td>{cells}")
    table = "".join(f"<tr>{row}</tr>" for row in rows)
    return f'<h2>Results by target</h2><div class="card"><table>{table}</table></div>'


def _images(results: Results) -> str:
    """The best and worst translations over all targets, if there are scores."""
    every = [
        (task.name, example) for task in results.tasks for example in task.examples
    ]
    if not every:
        return ""
    name = every[0][1].score_name
    every = [(task, example) for task, example in every if example.score_name == name]
    every.sort(key=lambda named: -named[1].score)
    shown = min(SHOWN, len(every) // 2)
    best, worst = _varied(every, shown), _varied(every[::-1], shown)
    return (
        f'<h2>Best translations</h2><p class="soft">By {escape(name)}. Left: input; '
        f'right: translation.</p><div class="pairs">{_figures(best)}</div>'
        f'<h2>Worst translations</h2><div class="pairs">{_figures(worst)}</div>'
    )


def _varied(ranked: list[_Named], count: int) -> list[_Named]:
    """Selects the first examples, alternating between targets."""
    waiting: dict[str, list[_Named]] = {}
    for task, example in ranked:
        waiting.setdefault(task, []).append((task, example))
    chosen: list[_Named] = []
    while len(chosen) < count and any(waiting.values()):
        chosen += [queue.pop(0) for queue in waiting.values() if queue]
    return chosen[:count]


def _figures(named: Iterable[_Named]) -> str:
    return "".join(
        f"<figure><div>{_image(example.source)}{_image(example.output)}</div>"
        f"<figcaption><b>{escape(task)}</b> {example.score:{example.value_format}}<br>"
        f"{escape(example.name)}</figcaption></figure>"
        for task, example in named
    )


def _image(pixels: np.ndarray) -> str:
    image = Image.fromarray(shown(pixels))
    if max(image.size) > LARGEST:
        image.thumbnail((LARGEST, LARGEST), Image.Resampling.LANCZOS)
    return f'<img alt="" src="{data_url(image)}">'


def _facts(record: Mapping[str, Any]) -> dict[str, str]:
    """How the numbers were measured; empty values are not shown."""
    options, data = record["options"], record["data"]
    measurements = [m for task in record["tasks"] for m in task["measurements"]]
    protocols = {m["protocol"] for m in measurements if m.get("protocol")}
    limit = f"{options['count']} images" if options["count"] else ""
    with_classifier = "classification" in options["metrics"]
    return {
        "Model": record["model"]["folder"],
        "Model file": f"SHA-256 {record['model']['sha256'][:16]}…",
        "Metrics": ", ".join(options["metrics"]),
        "Protocols": ", ".join(sorted(protocols)),
        "Images": f"{data['held_out']['images']:,} held-out images, "
        f"{data['train']['images']:,} real images of the training split",
        "Limit per target": limit,
        "Classifier": options["classifier"] if with_classifier else "",
        "Seed": str(options["seed"]),
        "Versions": ", ".join(f"{n} {v}" for n, v in record["versions"].items()),
    }


# === Comparison of several runs, as a table and as plots ===

BEST_MARK = "*"
METRICS_FILE = "metrics.jsonl"
COLUMNS = 3


@dataclass(frozen=True)
class Contender:
    """A run in a comparison.

    Args:
        name: heading of its column.
        curves: name → (steps, values) from `metrics.jsonl`.
        results: content of `results.json`; None without an evaluation.
    """

    name: str
    curves: dict[str, tuple[list[int], list[float]]] = field(default_factory=dict)
    results: dict[str, Any] | None = None

    @property
    def means(self) -> dict[str, float]:
        """Name → mean in the evaluation."""
        means = self.results["means"] if self.results else {}
        return {name: mean["value"] for name, mean in means.items()}

    @property
    def last(self) -> dict[str, float]:
        """Name → last value of the training."""
        return {name: values[-1] for name, (_, values) in self.curves.items()}


def read_contenders(paths: Sequence[str]) -> list[Contender]:
    """Reads run folders or results files, and gives them distinct names.

    Raises:
        InputError: if there are fewer than two paths, paths are repeated, or one of
            them cannot be read.
    """
    if len(paths) < 2:
        raise InputError(
            "Pass at least two runs, such as 'stargan-tf compare runs/a runs/b'. "
            f"Received: {' '.join(paths) or 'none'}"
        )
    names = distinct_names([Path(path) for path in paths])
    return [_read(Path(p), name) for p, name in zip(paths, names, strict=True)]


def differing_conditions(contenders: Sequence[Contender]) -> list[str]:
    """Explains why evaluations are not comparable; empty if they are."""
    records = [run.results for run in contenders if run.results]
    reasons = []
    for key, words in CONDITIONS.items():
        conditions = [dict(record.get(key) or {}) for record in records]
        for condition in conditions:
            condition.pop("batch_size", None)  # Does not affect the numbers.
        if any(condition != conditions[0] for condition in conditions):
            reasons.append(
                f"The evaluations differ in their {words}, so their numbers are not "
                "comparable."
            )
    return reasons


def _read(path: Path, name: str) -> Contender:
    if path.is_file():
        return Contender(name, results=read_record(path))
    if not path.is_dir():
        raise InputError(f"The run folder or results file {path} does not exist.")
    metrics, results = path / METRICS_FILE, path / RESULTS_FILE
    if not (os.path.lexists(metrics) or os.path.lexists(results)):
        raise InputError(
            f"{path} has neither {METRICS_FILE} nor {RESULTS_FILE}. Pass the --run "
            "folder of 'stargan-tf train', or a results file of 'stargan-tf evaluate'."
        )
    curves = _curves(metrics) if os.path.lexists(metrics) else {}
    record = read_record(results) if os.path.lexists(results) else None
    return Contender(name, curves, record)


def _curves(path: Path) -> dict[str, tuple[list[int], list[float]]]:
    curves: dict[str, tuple[list[int], list[float]]] = {}
    records, damaged = read_metrics(path)
    if damaged:
        note(f"{path}: skipped {damaged} damaged lines.")
    for values in records:
        step = values.pop("step")
        for name, value in values.items():
            steps, numbers = curves.setdefault(name, ([], []))
            steps.append(step)
            numbers.append(float(value))
    return curves


def read_metrics(metrics_file: Path) -> tuple[list[dict[str, Any]], int]:
    """Reads `metrics.jsonl`.

    Returns:
        The valid records, and the number of damaged lines.

    Raises:
        OSError: if the file cannot be read.
        InputError: if the file is too large.
    """
    try:
        content = read_bytes(metrics_file, MAX_TEXT_BYTES)
    except ValueError as error:
        raise InputError(f"{metrics_file} cannot be read: {error}.") from error
    *lines, last = content.split(b"\n")
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


def distinct_names(paths: Sequence[Path]) -> list[str]:
    """Returns the shortest distinct endings of the paths.

    Raises:
        InputError: if a path is repeated.
    """
    folders = [path.absolute().parts for path in paths]
    for length in range(1, max(map(len, folders)) + 1):
        names = ["/".join(names[-length:]) for names in folders]
        if len(set(names)) == len(names):
            return names
    raise InputError(
        f"Pass each path only once. Received: {' '.join(str(path) for path in paths)}"
    )


def comparison_table(contenders: Sequence[Contender]) -> str:
    """Returns a table of evaluations and last training values; marks the best ones."""
    blocks = []
    for title, values in (
        ("Evaluation", [run.means for run in contenders]),
        ("Last values of training", [run.last for run in contenders]),
    ):
        names = list(dict.fromkeys(name for column in values for name in column))
        if names:
            heads = [title, *(run.name for run in contenders)]
            rows = [[heading(name), *_cells(name, values)] for name in names]
            blocks.append(aligned([heads, *rows]))
    blocks += differing_conditions(contenders)
    if any(BEST_MARK in block for block in blocks):
        blocks.append(f"{BEST_MARK} best value of the row")
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
        cells.append(formatted(name, value) + (BEST_MARK if best else " "))
    return cells


def check_plotting() -> None:
    """Raises ImportError, naming the extra, if matplotlib is not installed."""
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "Plots need matplotlib: pip install 'stargan_tf[eval]'"
        ) from error


def write_plot(contenders: Sequence[Contender], path: Path) -> None:
    """Plots each number that at least two runs have.

    Args:
        contenders: the runs.
        path: path of the image file; its extension determines the format.

    Raises:
        InputError: if the runs share no number, or the file cannot be written.
        ImportError: if matplotlib is not installed.
    """
    check_plotting()
    from matplotlib import style
    from matplotlib.figure import Figure

    means = _shared([run.means for run in contenders])
    curves = _shared([run.curves for run in contenders])
    if not (means or curves):
        names = ", ".join(run.name for run in contenders)
        raise InputError(
            "A plot needs numbers that at least two runs have. Received: "
            f"{names} without common numbers."
        )
    rows = -(-(len(means) + len(curves)) // COLUMNS)
    with style.context("tableau-colorblind10"):
        figure = Figure((4 * COLUMNS, 2.7 * rows + 0.5), layout="constrained", dpi=110)
        panels = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
        for name, panel in zip(means, panels, strict=False):
            panel.set_title(f"{heading(name)}, evaluated")
            panel.set_xticks([])
            for place, run in enumerate(contenders):
                value = run.means.get(name, math.nan)
                panel.bar(place, value, color=f"C{place}", label=run.name)
        for name, panel in zip(curves, panels[len(means) :], strict=False):
            panel.set_title(heading(name))
            panel.set_xlabel("step")
            for run in contenders:
                steps, values = run.curves.get(name, ([], []))
                mark = "o" if len(steps) < 2 else None
                panel.plot(steps, values, marker=mark, label=run.name)
        for panel in panels[len(means) + len(curves) :]:
            panel.set_axis_off()
        handles, names = panels[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside upper left", ncols=4)
        stream = BytesIO()
        figure.savefig(stream, format=path.suffix[1:].lower())
    write_bytes(path, stream.getvalue(), "plot")


def _shared(columns: Sequence[Mapping[str, Any]]) -> list[str]:
    """Names that at least two of the runs have."""
    every = [name for column in columns for name in column]
    return [name for name in dict.fromkeys(every) if every.count(name) > 1]
