"""Where pictures come from: a webcam, a film, one picture, or a folder of them."""

import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from PIL import Image

from stargan_tf.data.files import is_picture
from stargan_tf.data.pictures import read_picture
from stargan_tf.errors import InputError
from stargan_tf.native_output import without_lines
from stargan_tf.translation.pictures import find_inputs

WEBCAM = "webcam"
# Its notes about a file, such as "[mov,mp4 @ 0x55] moov atom not found".
FFMPEG = re.compile(rb"\[")
_MISSING = (
    "Webcams and films are read with OpenCV: pip install 'stargan_tf[camera]'. "
    "A folder of pictures needs no more than Pillow."
)


class Frame(NamedTuple):
    """One picture.

    Args:
        name: path of its translation below an output folder.
        picture: RGB, of any size.
    """

    name: Path
    picture: Image.Image


def open_source(text: str) -> Iterator[Frame]:
    """Opens what `--source` names.

    Args:
        text: `webcam`, or `webcam:1` for the second one; a film or a picture; a folder.

    Returns:
        The pictures, one after another; a webcam's never end.

    Raises:
        InputError: if there is no such thing, or it cannot be read.
        ImportError: for a webcam or a film, without OpenCV.
    """
    kind, _, number = text.partition(":")
    if kind == WEBCAM:
        if number and not number.isdecimal():
            raise InputError(f"A webcam is webcam, webcam:1, …. Received: {text}")
        return _captured(int(number or 0), text, mirrored=True)
    path = Path(text)
    if path.is_file() and not is_picture(path.name):
        return _captured(str(path), text)
    inputs = find_inputs([text], what="source")
    return (
        Frame(found.name.with_suffix(".png"), read_picture(found.path))
        for found in inputs
    )


def _captured(source: int | str, text: str, mirrored: bool = False) -> Iterator[Frame]:
    """Opens at once, so that what is wrong is said before anything else happens."""
    opencv = _opencv()
    with without_lines(FFMPEG):
        capture = opencv.VideoCapture(source)
    if not capture.isOpened():
        raise InputError(
            f"OpenCV cannot read {text}. Expected a connected webcam or a film file."
        )
    return _frames(opencv, capture, mirrored)


def _frames(opencv: ModuleType, capture: object, mirrored: bool) -> Iterator[Frame]:
    number = 0
    try:
        while True:
            there, pixels = capture.read()
            if not there:
                return
            colours = opencv.cvtColor(pixels, opencv.COLOR_BGR2RGB)
            # People expect a mirror of their own picture.
            colours = colours[:, ::-1] if mirrored else colours
            yield Frame(Path(f"frame_{number:06d}.png"), Image.fromarray(colours))
            number += 1
    finally:
        capture.release()


def _opencv() -> ModuleType:
    try:
        import cv2
    except ImportError as error:
        raise ImportError(_MISSING) from error
    # What it cannot open we say ourselves, in one line.
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    return cv2
