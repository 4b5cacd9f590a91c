"""How large the pictures of a data set are, judged by some of them."""

import os
from collections.abc import Callable
from typing import BinaryIO

import numpy as np

from stargan_tf.data.pictures import open_picture

LOOKED_AT = 33


def typical_side(
    count: int, side_of: Callable[[int], int], crop_size: int | None = None
) -> int:
    """The median of the pictures' shorter sides in pixels; 0 if none can be read.

    Args:
        count: number of pictures; up to 33, spread evenly, are looked at.
        side_of: number → shorter side in pixels; 0 if it cannot be read.
        crop_size: side of a center crop that limits what is used of each.
    """
    chosen = np.unique(np.linspace(0, count - 1, LOOKED_AT).round().astype(int))
    sides = [side for index in chosen.tolist() if (side := side_of(index))]
    side = int(np.median(sides)) if sides else 0
    return min(side, crop_size or side)


def side_of_file(path: str | os.PathLike | BinaryIO) -> int:
    """Shorter side of a picture in pixels, from its head; 0 if it cannot be read."""
    try:
        with open_picture(path) as image:
            return min(image.size)
    # As in `read_picture`: broken files cause almost any exception.
    except Exception:
        return 0
