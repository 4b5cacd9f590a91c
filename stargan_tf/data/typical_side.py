"""How large the pictures of a data set are, judged by some of them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

LOOKED_AT = 33


def typical_side(paths: Sequence[Path], crop_size: int | None = None) -> int:
    """The median of the pictures' shorter sides, from the heads of a few files.

    Args:
        paths: the pictures; up to 33, spread evenly, are looked at.
        crop_size: side of a centre crop that limits what is used of each.

    Returns:
        Pixels; 0 if none of those can be read.
    """
    chosen = np.unique(np.linspace(0, len(paths) - 1, LOOKED_AT).round().astype(int))
    sides = [side for index in chosen if (side := _side(paths[index]))]
    side = int(np.median(sides)) if sides else 0
    return min(side, crop_size or side)


def _side(path: Path) -> int:
    try:
        with Image.open(path) as image:
            return min(image.size)
    # As in `read_picture`: broken files cause almost any exception.
    except Exception:
        return 0
