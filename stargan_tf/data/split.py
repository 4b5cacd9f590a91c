"""Which images are held out: decided by each image's name alone.

So the division is the same in every run and on every machine, and adding images moves
none of those already there. (One exception keeps both parts usable: where chance
leaves a part of a group empty, the image nearest to it changes sides.)
"""

import hashlib
import unicodedata
from collections.abc import Sequence

import numpy as np

from stargan_tf.data.dataset_options import HELD_OUT
from stargan_tf.errors import InputError


def split_positions(
    names: Sequence[str],
    split: str,
    held_out: float,
    groups: Sequence[int] | None = None,
) -> np.ndarray:
    """The positions of the images that belong to a split.

    Args:
        names: the images' relative paths.
        split: `"train"` or `"held_out"`.
        held_out: share of the images to hold out, in (0, 1).
        groups: for each image the number of its group (its domain); both splits get
            at least one image of every group of two or more. One group if None.

    Returns:
        int64 array of positions in `names`, ascending.

    Raises:
        InputError: if `held_out` is out of range.
    """
    if not 0.0 < held_out < 1.0:
        raise InputError(
            "held_out must be a share between 0 and 1, both excluded. "
            f"Received: held_out={held_out}"
        )
    places = np.array([_place(name) for name in names])
    out = places < held_out
    groups = np.zeros(len(names), int) if groups is None else np.asarray(groups)
    for group in np.unique(groups):
        _fill_both_parts(out, places, np.flatnonzero(groups == group))
    return np.flatnonzero(out == (split == HELD_OUT))


def _place(name: str) -> float:
    """A number in [0, 1) that follows from the name, however a system writes it."""
    name = unicodedata.normalize("NFC", name)
    digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


def _fill_both_parts(out: np.ndarray, places: np.ndarray, members: np.ndarray) -> None:
    if len(members) < 2:
        out[members] = False
    elif not out[members].any():
        out[members[places[members].argmin()]] = True
    elif out[members].all():
        out[members[places[members].argmax()]] = False
