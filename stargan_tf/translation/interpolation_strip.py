"""An interpolation as a still picture: the way from style to style, in columns."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from stargan_tf.translation.by_style import StyleModel, ToStyles
from stargan_tf.translation.heading import Heading
from stargan_tf.translation.random_styles import random_styles
from stargan_tf.translation.style_path import StylePath
from stargan_tf.translation.style_source import StyleSource


def interpolation_strip(
    model: Any,
    images: np.ndarray,
    domain: str,
    seeds: Sequence[int],
    steps: int = 9,
    truncation: float = 1.0,
) -> Image.Image:
    """Sources on the way between random styles of a domain.

    Args:
        model: a `StarGANV2`.
        images: the sources, (n, size, size, 3) or one (size, size, 3), uint8 or float
            in [-1, 1].
        domain: the target domain's name.
        seeds: of the random styles on the way, two or more.
        steps: columns, the first and the last style included.
        truncation: ψ in [0, 1], see `StarGANV2.translate`.

    Returns:
        An RGB picture: a row for each source, the way from left to right.

    Raises:
        InputError: fewer than two seeds or steps.
    """
    images = np.asarray(images)
    images = images[None] if images.ndim == 3 else images
    styles = random_styles([domain], seeds, truncation)
    return along_the_way(model, styles, steps).draw(model, images)


def along_the_way(model: StyleModel, source: StyleSource, steps: int) -> ToStyles:
    """The translation to styles on the way through a source's styles.

    Args:
        model: gives the style codes.
        source: two styles or more.
        steps: how many styles, the first and the last included.

    Returns:
        The translation; its columns have a title where they come by one of the
        source's styles.
    """
    path = source.path_through(model)
    titles = _titles(path, source.columns.titles, steps)
    return ToStyles(path.styles(steps), Heading(titles))


def _titles(path: StylePath, names: Sequence[str], steps: int) -> list[str]:
    # Only exactly there: close by is another style than the title would promise.
    passed = [(p, round(p)) for p in path.positions(steps).tolist()]
    return [names[point] if abs(p - point) < 1e-6 else "" for p, point in passed]
