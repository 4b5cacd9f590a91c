"""The numbers of FFHQ's images; its authors train on the first 60,000."""

from collections.abc import Iterable
from pathlib import PurePosixPath

FIRST_HELD_OUT = 60_000
LAST = 69_999
RANGES = {"train": "00000 to 59999", "held_out": "60000 to 69999"}


def number_of(name: str) -> int | None:
    """Returns the number of an image, such as 12345 for `12000/12345.png`.

    Args:
        name: name of a file, with or without folders.

    Returns:
        The number; None if the file is not an image of FFHQ.
    """
    stem = PurePosixPath(name).stem
    known = len(stem) == 5 and stem.isascii() and stem.isdigit()
    return int(stem) if known and int(stem) <= LAST else None


def of_split(names: Iterable[str], split: str) -> list[str]:
    """Returns the names of the images in a split of the authors.

    Args:
        names: names of files.
        split: `"train"` or `"held_out"`.
    """
    numbers = ((name, number_of(name)) for name in names)
    known = ((name, number) for name, number in numbers if number is not None)
    held_out = split == "held_out"
    return [name for name, number in known if (number >= FIRST_HELD_OUT) == held_out]
