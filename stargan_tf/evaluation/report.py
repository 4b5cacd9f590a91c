"""The report: one HTML file with numbers and images, which needs nothing else."""

import base64
import io
from collections.abc import Iterable, Mapping
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
from PIL import Image

from stargan_tf.evaluation.options import NUMBERS, find_number, formatted, heading
from stargan_tf.evaluation.results import (
    SHOWN,
    Example,
    Results,
    TaskResult,
    formatted_interval,
)
from stargan_tf.files import write_text

# Pixels; smaller images are enlarged by the browser, larger ones reduced here.
LARGEST = 160
# Backgrounds of the worst and of the best cell, red, green and blue.
WORST, BEST = (250, 219, 196), (200, 234, 222)

_Named = tuple[str, Example]  # task and example


def write_report(record: Mapping[str, Any], results: Results, path: Path) -> None:
    """Writes the page, in full or not at all.

    Args:
        record: what the JSON file says.
        results: the same with images.
        path: where to; missing folders are made.

    Raises:
        InputError: if it cannot be written.
    """
    write_text(path, report_page(record, results), "report")


def report_page(record: Mapping[str, Any], results: Results) -> str:
    """The page as HTML.

    Args:
        record: what the JSON file says.
        results: the same with images.
    """
    model, data = record["model"], record["data"]
    folder = Path(model["folder"])
    run = folder.parent.parent if folder.parent.name == "checkpoints" else folder
    title = f"{run.name or 'model'}: {model['family']} on {data['dataset']}"
    subtitle = (
        f"Step {model['step']:,} · {data['image_size']} px · "
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
    real = {one.name.removesuffix("_real"): one.value for one in results.real}
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
    return f'<h2>Read this first</h2><div class="card notes">{lines}</div>'


def _matrices(results: Results) -> str:
    """A matrix for each number of pairs of domains; nothing for other models."""
    pairs = [task for task in results.tasks if task.source is not None]
    kinds = dict.fromkeys(
        (task.guide, m.name) for task in pairs for m in task.measurements
    )
    if not kinds:
        return ""
    cards = [
        _matrix([task for task in pairs if task.guide == guide], guide, name)
        for guide, name in kinds
    ]
    return (
        '<h2>From each domain (row) to each other (column)</h2><div class="matrices">'
        f"{''.join(cards)}</div>"
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
    mixed = (round(b + (g - b) * good) for b, g in zip(WORST, BEST, strict=True))
    color = "#" + "".join(f"{part:02x}" for part in mixed)
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
    return f'<h2>Each target</h2><div class="card"><table>{table}</table></div>'


def _images(results: Results) -> str:
    """The best and the worst translations, over all targets, if they have scores."""
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
        f'<h2>The best translations</h2><p class="soft">By {escape(name)}: image left, '
        f'translation right.</p><div class="pairs">{_figures(best)}</div>'
        f'<h2>The worst translations</h2><div class="pairs">{_figures(worst)}</div>'
    )


def _varied(ranked: list[_Named], count: int) -> list[_Named]:
    """The first ones, target by target in turn, so that no target fills the row."""
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
        f"<figcaption><b>{escape(task)}</b> {example.score:{example.form}}<br>"
        f"{escape(example.name)}</figcaption></figure>"
        for task, example in named
    )


def _image(pixels: np.ndarray) -> str:
    image = Image.fromarray(pixels)
    if max(image.size) > LARGEST:
        image.thumbnail((LARGEST, LARGEST), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    image.save(stream, "PNG")
    code = base64.b64encode(stream.getvalue()).decode("ascii")
    return f'<img alt="" src="data:image/png;base64,{code}">'


def _facts(record: Mapping[str, Any]) -> dict[str, str]:
    """How it was measured; what is empty is left out."""
    options, data = record["options"], record["data"]
    measurements = [one for task in record["tasks"] for one in task["measurements"]]
    protocols = {one["protocol"] for one in measurements if one.get("protocol")}
    limit = f"{options['count']} of them for each target" if options["count"] else ""
    with_classifier = "classification" in options["metrics"]
    return {
        "Model": record["model"]["folder"],
        "Model file": f"SHA-256 {record['model']['sha256'][:16]}…",
        "Metrics": ", ".join(options["metrics"]),
        "Protocols": ", ".join(sorted(protocols)),
        "Images": f"{data['held_out']['images']:,} held out, "
        f"{data['train']['images']:,} real ones of the training split",
        "At most": limit,
        "Classifier": options["classifier"] if with_classifier else "",
        "Seed": str(options["seed"]),
        "Versions": ", ".join(f"{n} {v}" for n, v in record["versions"].items()),
    }
