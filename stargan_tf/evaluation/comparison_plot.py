"""Several runs as curves and bars."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from stargan_tf.errors import InputError
from stargan_tf.evaluation.comparison import Contender
from stargan_tf.evaluation.number_names import direction, is_known, number_name
from stargan_tf.files import write_bytes

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
            _curves(panel, name, contenders)
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


def _curves(panel: Any, name: str, contenders: Sequence[Contender]) -> None:
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
