"""The report: one HTML file with numbers and pictures, which needs nothing else."""

import base64
import io
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from stargan_tf.evaluation.options import (
    HIGHER_IS_BETTER,
    direction,
    number_name,
    written,
)
from stargan_tf.evaluation.results import (
    Results,
    TaskResult,
    column_names,
    written_interval,
)
from stargan_tf.evaluation.tasks import OWN, SHOWN, Example
from stargan_tf.files import write_text

# How the report looks: light, and readable on a phone.

STYLE = """
:root { --ink: #22252b; --soft: #667080; --line: #e4e8ee; --paper: #ffffff;
  --ground: #f5f7fa; --accent: #2f6f6b; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 1040px; margin: 0 auto; padding: 28px 20px 60px; }
h1 { font-size: 1.7rem; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 36px 0 10px; }
p { margin: 6px 0; }
.soft { color: var(--soft); font-size: .92rem; }
.tiles { display: grid; gap: 12px; margin-top: 20px;
  grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); }
.tile, .card { background: var(--paper); border: 1px solid var(--line);
  border-radius: 10px; padding: 14px 16px; }
.tile b { display: block; font-size: 1.55rem; line-height: 1.25;
  font-variant-numeric: tabular-nums; }
.tile span { display: block; color: var(--soft); font-size: .82rem; line-height: 1.35; }
.tile span.name { color: var(--accent); font-weight: 600; font-size: .88rem; }
.card { overflow-x: auto; padding: 6px 14px; }
table { border-collapse: collapse; width: 100%; font-size: .92rem;
  font-variant-numeric: tabular-nums; }
th, td { padding: 7px 10px; text-align: right; border-top: 1px solid var(--line);
  white-space: nowrap; }
tr:first-child th { border-top: 0; color: var(--soft); font-weight: 500;
  font-size: .84rem; }
th:first-child, td:first-child { text-align: left; }
.matrices { display: grid; gap: 16px;
  grid-template-columns: repeat(auto-fit, minmax(290px, 1fr)); }
.matrix h3 { margin: 8px 0 4px; font-size: .95rem; }
.matrix td { text-align: center; }
.matrix th { font-weight: 500; }
.notes { border-left: 4px solid #e0a63c; }
.pairs { display: grid; gap: 14px;
  grid-template-columns: repeat(auto-fill, minmax(210px, 1fr)); }
figure { margin: 0; background: var(--paper); border: 1px solid var(--line);
  border-radius: 10px; padding: 10px; }
figure div { display: flex; gap: 6px; }
figure img { width: calc(50% - 3px); border-radius: 6px; display: block; }
figcaption { font-size: .82rem; color: var(--soft); margin-top: 6px; line-height: 1.35;
  overflow-wrap: anywhere; }
figcaption b { color: var(--ink); font-weight: 600; }
dl { display: grid; grid-template-columns: minmax(110px, max-content) 1fr;
  gap: 4px 16px; font-size: .88rem; margin: 8px 0; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 560px) {
  main { padding: 18px 12px 40px; }
  h1 { font-size: 1.35rem; }
  .tiles { grid-template-columns: repeat(2, 1fr); gap: 8px; }
  .tile { padding: 10px 12px; }
  .tile b { font-size: 1.25rem; }
  .pairs { grid-template-columns: repeat(2, 1fr); gap: 8px; }
  figure { padding: 6px; }
}
"""


# The best and the worst translations as pictures inside the page.

# Pixels; smaller pictures are enlarged by the browser, larger ones reduced here.
LARGEST = 160

Named = tuple[str, Example]


def pictures(results: Results) -> str:
    """Two galleries, over all targets.

    Args:
        results: of an evaluation.

    Returns:
        HTML; nothing if no metric scored the images.
    """
    every = [(task.name, one) for task in results.tasks for one in task.examples]
    if not every:
        return ""
    name = every[0][1].score_name
    every = [(task, one) for task, one in every if one.score_name == name]
    every.sort(key=lambda named: -named[1].score)
    shown = min(SHOWN, len(every) // 2)
    best, worst = _varied(every, shown), _varied(every[::-1], shown)
    return (
        f'<h2>The best translations</h2><p class="soft">By {escape(name)}: image left, '
        f'translation right.</p><div class="pairs">{_figures(best)}</div>'
        f'<h2>The worst translations</h2><div class="pairs">{_figures(worst)}</div>'
    )


def _varied(ranked: list[Named], count: int) -> list[Named]:
    """The first ones, target by target in turn, so that no target fills the row."""
    waiting: dict[str, list[Named]] = {}
    for named in ranked:
        waiting.setdefault(named[0], []).append(named)
    found: list[Named] = []
    while len(found) < count and any(waiting.values()):
        found += [queue.pop(0) for queue in waiting.values() if queue]
    return found[:count]


def _figures(named: Iterable[Named]) -> str:
    return "".join(
        f"<figure><div>{_image(one.source)}{_image(one.output)}</div>"
        f"<figcaption><b>{escape(task)}</b> {one.score:{one.form}}<br>"
        f"{escape(one.name)}</figcaption></figure>"
        for task, one in named
    )


def _image(pixels: np.ndarray) -> str:
    image = Image.fromarray(pixels)
    if max(image.size) > LARGEST:
        image.thumbnail((LARGEST, LARGEST), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    image.save(stream, "PNG")
    code = base64.b64encode(stream.getvalue()).decode("ascii")
    return f'<img alt="" src="data:image/png;base64,{code}">'


# From each domain to each other: a number's matrix, coloured from bad to good.

# Backgrounds of the worst and of the best cell, red, green and blue.
WORST, BEST = (250, 219, 196), (200, 234, 222)


def matrices(results: Results) -> str:
    """A matrix for each number of pairs of domains; nothing for other models.

    Args:
        results: of an evaluation.

    Returns:
        HTML.
    """
    pairs = [task for task in results.tasks if task.source is not None]
    found = dict.fromkeys(
        (task.guide, one.name) for task in pairs for one in task.measurements
    )
    if not found:
        return ""
    cards = [
        _matrix([task for task in pairs if task.guide == guide], guide, name)
        for guide, name in found
    ]
    return (
        '<h2>From each domain (row) to each other (column)</h2><div class="matrices">'
        f"{''.join(cards)}</div>"
    )


def _matrix(tasks: list[TaskResult], guide: str, name: str) -> str:
    values = {(task.source, task.target): task.value(name) for task in tasks}
    domains = list(dict.fromkeys(place for pair in values for place in pair))
    known = [value for value in values.values() if value is not None]
    span = (min(known), max(known))
    heads = "".join(f"<th>{escape(domain)}</th>" for domain in domains)
    rows = "".join(
        f"<tr><th>{escape(source)}</th>"
        + "".join(_cell(name, values.get((source, target)), span) for target in domains)
        + "</tr>"
        for source in domains
    )
    title = f"{guide}-guided: {number_name(name).short} {direction(name)}"
    return (
        f'<div class="card matrix"><h3>{escape(title)}</h3>'
        f"<table><tr><th></th>{heads}</tr>{rows}</table></div>"
    )


def _cell(name: str, value: float | None, span: tuple[float, float]) -> str:
    if value is None:
        return "<td>·</td>"
    low, high = span
    share = (value - low) / (high - low) if high > low else 0.5
    good = share if name.endswith(HIGHER_IS_BETTER) else 1 - share
    mixed = (round(b + (g - b) * good) for b, g in zip(WORST, BEST, strict=True))
    colour = "#" + "".join(f"{part:02x}" for part in mixed)
    return f'<td style="background:{colour}">{written(name, value)}</td>'


def write_report(record: dict[str, Any], results: Results, path: Path) -> None:
    """Writes the page, in full or not at all.

    Args:
        record: what the JSON file says.
        results: the same with pictures.
        path: where to; missing folders are made.

    Raises:
        InputError: if it cannot be written.
    """
    write_text(path, report_page(record, results), "report")


def report_page(record: dict[str, Any], results: Results) -> str:
    """The page.

    Args:
        record: what the JSON file says.
        results: the same with pictures.

    Returns:
        HTML.
    """
    model, data = record["model"], record["data"]
    title = f"{_run_name(model)}: {model['family']} on {data['dataset']}"
    parts = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="soft">Step {model["step"]:,} · {data["image_size"]} px · '
        f"{data['held_out']['images']:,} held-out images · "
        f"{escape(', '.join(data['domains']))}</p>",
        _tiles(results),
        _notes(results),
        matrices(results),
        _tasks(results),
        pictures(results),
        _how(record),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>"
        f"<body><main>{''.join(parts)}</main></body></html>\n"
    )


def _run_name(model: dict[str, Any]) -> str:
    """The run's name, or the folder's of a model that belongs to none."""
    folder = Path(model["folder"])
    above = folder.parent.parent if folder.parent.name == "checkpoints" else folder
    return above.name or "model"


def _tiles(results: Results) -> str:
    real = {one.name.removesuffix("_real"): one.value for one in results.real}
    tiles = []
    for name, mean in results.means.items():
        about, more = number_name(name), ""
        if mean.interval:
            more = f"<span>95 %: {written_interval(name, mean)}</span>"
        for number, value in real.items():
            if name.endswith(number):
                more += f"<span>on real images: {written(name, value)}</span>"
        tiles.append(
            f'<div class="tile"><span class="name">{escape(about.short)}&nbsp;'
            f"{direction(name)}</span><b>{written(name, mean.value)}</b>"
            f"<span>{escape(about.meaning)}</span>{more}</div>"
        )
    return f'<div class="tiles">{"".join(tiles)}</div>'


def _notes(results: Results) -> str:
    if not results.notes:
        return ""
    lines = "".join(f"<p>{escape(note)}</p>" for note in results.notes)
    return f'<h2>Read this first</h2><div class="card notes">{lines}</div>'


def _tasks(results: Results) -> str:
    names = column_names(results)
    tasks = [task for task in results.tasks if task.guide != OWN]
    if not (names and tasks):
        return ""
    heads = "".join(
        f'<th title="{escape(number_name(n).meaning)}">{escape(number_name(n).short)} '
        f"{direction(n)}</th>"
        for n in names
    )
    rows = "".join(
        f"<tr><td>{escape(task.name)}</td><td>{task.sources:,}</td>"
        + "".join(f"<td>{written(n, task.value(n))}</td>" for n in names)
        + "</tr>"
        for task in tasks
    )
    table = f"<table><tr><th>Target</th><th>images</th>{heads}</tr>{rows}</table>"
    return f'<h2>Each target</h2><div class="card">{table}</div>'


def _how(record: dict[str, Any]) -> str:
    options, data = record["options"], record["data"]
    protocols = {
        one.get("protocol")
        for task in record["tasks"]
        for one in task["measurements"]
        if one.get("protocol")
    }
    facts = {
        "Model": record["model"]["folder"],
        "Model file": f"SHA-256 {record['model']['sha256'][:16]}…",
        "Metrics": ", ".join(options["metrics"]),
        "Protocols": ", ".join(sorted(protocols)),
        "Images": f"{data['held_out']['images']:,} held out, "
        f"{data['train']['images']:,} real ones of the training split",
        "At most": f"{options['count']} of them for each target"
        if options.get("count")
        else "",
        "Classifier": options.get("classifier", "")
        if "classification" in options["metrics"]
        else "",
        "Seed": str(options["seed"]),
        "Versions": ", ".join(f"{n} {v}" for n, v in record["versions"].items()),
    }
    rows = "".join(f"<dt>{n}</dt><dd>{escape(v)}</dd>" for n, v in facts.items() if v)
    return f'<h2>How it was measured</h2><div class="card"><dl>{rows}</dl></div>'
