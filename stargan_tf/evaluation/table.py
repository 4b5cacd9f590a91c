"""The results as a table on the screen."""

from collections.abc import Sequence

from stargan_tf.evaluation.measurement import Measurement
from stargan_tf.evaluation.number_names import direction, number_name, written
from stargan_tf.evaluation.results import Results
from stargan_tf.evaluation.task import OWN

ERROR = "classification_error"


def results_table(results: Results) -> str:
    """A row for each task, the means below, then what a reader must know.

    Args:
        results: of an evaluation.

    Returns:
        Lines for the screen.
    """
    names = column_names(results)
    heads = [f"{number_name(name).short} {direction(name)}" for name in names]
    rows = [
        [task.name, str(task.sources), *(written(n, task.value(n)) for n in names)]
        for task in results.tasks
        if task.guide != OWN
    ]
    blocks = [aligned([["", "images", *heads], *rows])] if names and rows else []
    blocks.append(_means(results))
    blocks += [f"Note: {note}" for note in results.notes]
    return "\n\n".join(blocks)


def column_names(results: Results) -> list[str]:
    """The numbers that tasks which change something have, in order.

    Args:
        results: of an evaluation.
    """
    tasks = [task for task in results.tasks if task.guide != OWN]
    return list(dict.fromkeys(one.name for t in tasks for one in t.measurements))


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Columns of equal width: the first to the left, the others to the right.

    Args:
        rows: cells; all rows have as many.

    Returns:
        A line for each row.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for first, *others in rows:
        cells = [c.rjust(w) for c, w in zip(others, widths[1:], strict=True)]
        lines.append("  ".join([first.ljust(widths[0]), *cells]).rstrip())
    return "\n".join(lines)


def written_interval(name: str, one: Measurement) -> str:
    """A number's interval as people read it; empty where there is none.

    Args:
        name: of the number, which decides its form.
        one: the number.
    """
    return " to ".join(written(name, end) for end in one.interval or ())


def _means(results: Results) -> str:
    rows = []
    for name, mean in results.means.items():
        value = written(name, mean.value)
        rows.append([_title(name), value, written_interval(name, mean)])
    for one in results.real:
        if "/" not in one.name:  # Those of single labels are in the file.
            value = written(ERROR, one.value)
            rows.append(["error, on real images", value, written_interval(ERROR, one)])
    return aligned(rows)


def _title(name: str) -> str:
    return f"{number_name(name).short}, {number_name(name).meaning} {direction(name)}"
