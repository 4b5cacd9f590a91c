"""The best and the worst translations as pictures inside the page."""

import base64
import io
from collections.abc import Iterable
from html import escape

import numpy as np
from PIL import Image

from stargan_tf.evaluation.examples import SHOWN, Example
from stargan_tf.evaluation.results import Results

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
