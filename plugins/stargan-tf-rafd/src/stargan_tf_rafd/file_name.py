"""Parses file names of RaFD: `Rafd090_01_Caucasian_female_angry_frontal.jpg`."""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

EXPRESSIONS = (
    "angry",
    "contemptuous",
    "disgusted",
    "fearful",
    "happy",
    "neutral",
    "sad",
    "surprised",
)
GAZES = ("left", "frontal", "right")
# Angle of the camera in degrees: 90 is frontal, 0 and 180 are profiles.
ANGLES = ("000", "045", "090", "135", "180")

_PATTERN = re.compile(
    r"rafd(?P<angle>{})_(?P<person>\d+)_(?P<group>[a-z]+)_(?P<sex>female|male)"
    r"_(?P<expression>{})_(?P<gaze>{})".format(
        *map("|".join, (ANGLES, EXPRESSIONS, GAZES))
    )
)


@dataclass(frozen=True)
class Photo:
    """The properties of a photograph.

    Args:
        person: number of the person.
        expression: one of `EXPRESSIONS`.
        gaze: one of `GAZES`.
        angle: one of `ANGLES`.
    """

    person: int
    expression: str
    gaze: str
    angle: str


def read_name(name: str) -> Photo | None:
    """Parses an official file name.

    Args:
        name: name of a file, with or without folders; case and extension are ignored.

    Returns:
        The properties; None if the name is not official.
    """
    match = _PATTERN.fullmatch(PurePosixPath(name).stem.lower())
    if match is None:
        return None
    return Photo(
        person=int(match["person"]),
        expression=match["expression"],
        gaze=match["gaze"],
        angle=match["angle"],
    )
