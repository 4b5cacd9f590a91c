"""The report: one HTML file with numbers and pictures, which needs nothing else."""

from html import escape
from pathlib import Path
from typing import Any

from stargan_tf.evaluation.number_names import direction, number_name, written
from stargan_tf.evaluation.report_matrix import matrices
from stargan_tf.evaluation.report_pictures import pictures
from stargan_tf.evaluation.report_style import STYLE
from stargan_tf.evaluation.results import Results
from stargan_tf.evaluation.table import column_names, written_interval
from stargan_tf.evaluation.task import OWN
from stargan_tf.files import write_text


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
