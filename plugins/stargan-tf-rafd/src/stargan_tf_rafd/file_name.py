"""What RaFD's file names say: `Rafd090_01_Caucasian_female_angry_frontal.jpg`."""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

EXPRESSIONS = (
    *("angry", "contemptuous", "disgusted", "fearful"),
    *("happy", "neutral", "sad", "surprised"),
)
GAZES = ("left", "frontal", "right")
# Degrees of the camera: 90 is in front, 0 and 180 see the profile.
ANGLES = ("000", "045", "090", "135", "180")

_PATTERN = re.compile(
    r"rafd(?P<angle>{})_(?P<person>\d+)_(?P<group>[a-z]+)_(?P<sex>female|male)"
    r"_(?P<expression>{})_(?P<gaze>{})".format(
        *map("|".join, (ANGLES, EXPRESSIONS, GAZES))
    )
)


@dataclass(frozen=True)
class Photo:
    """One photograph.

    Args:
        person: number of the person who was photographed.
        expression: one of `EXPRESSIONS`.
        gaze: one of `GAZES`.
        angle: one of `ANGLES`.
    """

    person: int
    expression: str
    gaze: str
    angle: str


def read_name(name: str) -> Photo | None:
    """Reads an official file name.

    Args:
        name: of a file, with or without folders; upper or lower case, any extension.

    Returns:
        What it says; None if it is no official name.
    """
    found = _PATTERN.fullmatch(PurePosixPath(name).stem.lower())
    if found is None:
        return None
    named = found.groupdict()
    person = int(named["person"])
    return Photo(person, named["expression"], named["gaze"], named["angle"])
