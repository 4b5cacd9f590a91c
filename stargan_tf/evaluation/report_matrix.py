"""From each domain to each other: a number's matrix, coloured from bad to good."""

from html import escape

from stargan_tf.evaluation.number_names import (
    HIGHER_IS_BETTER,
    direction,
    number_name,
    written,
)
from stargan_tf.evaluation.results import Results, TaskResult

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
