"""Several runs as a table: a row for each number, a column for each run."""

from collections.abc import Mapping, Sequence

from stargan_tf.evaluation.comparison import Contender, differing_conditions
from stargan_tf.evaluation.number_names import (
    direction,
    is_better,
    is_known,
    number_name,
    written,
)
from stargan_tf.evaluation.table import aligned

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
            rows = [[_title(name), *_cells(name, values)] for name in names]
            blocks.append(aligned([heads, *rows]))
    blocks += differing_conditions(contenders)
    if any(BEST in block for block in blocks):
        blocks.append(f"{BEST} the best of its row")
    return "\n\n".join(blocks)


def _title(name: str) -> str:
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
