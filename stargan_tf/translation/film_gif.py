"""Animated GIF, frame by frame."""

import struct
from collections.abc import Iterable
from pathlib import Path

from PIL import GifImagePlugin, Image

from stargan_tf.translation.film_stream import write_frames

TICKS = 100
COLOURS = 256
REPEAT_FOR_EVER = b"!\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00"
END = b";"


def write_gif(path: Path, frames: Iterable[Image.Image], fps: int) -> None:
    """Writes frames with a palette each; see `write_film`.

    Args:
        path: the file.
        frames: RGB pictures of one size.
        fps: frames per second.
    """
    with path.open("wb") as file:
        write_frames(file, frames, (fps, TICKS), _header, _frame)
        file.write(END)


def _header(size: tuple[int, int]) -> bytes:
    # No palette for all frames (0x70): each brings its own.
    screen = struct.pack("<HHBBB", *size, 0x70, 0, 0)
    return b"GIF89a" + screen + REPEAT_FOR_EVER


def _frame(frame: Image.Image, ticks: int) -> bytes:
    blocks = GifImagePlugin.getdata(
        frame.quantize(COLOURS), duration=10 * ticks, include_color_table=True
    )
    return b"".join(blocks)
