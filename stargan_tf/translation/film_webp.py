"""Animated WebP, frame by frame.

Format: https://developers.google.com/speed/webp/docs/riff_container
"""

import struct
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

from PIL import Image

from stargan_tf.translation.film_stream import write_frames

TICKS = 1000
QUALITY = 88
ANIMATED = 0x02  # flag of the VP8X chunk
NO_BLENDING = 0x02  # flag of a frame: it replaces the one before
WHITE_BACKGROUND_FOR_EVER = struct.pack("<IH", 0xFFFFFFFF, 0)


def write_webp(path: Path, frames: Iterable[Image.Image], fps: int) -> None:
    """Writes frames that are compressed one by one; see `write_film`.

    Args:
        path: the file.
        frames: RGB pictures of one size.
        fps: frames per second.
    """
    with path.open("wb") as file:
        write_frames(file, frames, (fps, TICKS), _header, _frame)
        # What stands after the size itself is known only now.
        length = file.tell() - 8
        file.seek(4)
        file.write(struct.pack("<I", length))


def _header(size: tuple[int, int]) -> bytes:
    canvas = _chunk(b"VP8X", struct.pack("<I", ANIMATED) + _sides(size))
    repeated = _chunk(b"ANIM", WHITE_BACKGROUND_FOR_EVER)
    return b"RIFF\0\0\0\0WEBP" + canvas + repeated


def _frame(frame: Image.Image, ticks: int) -> bytes:
    still = BytesIO()
    frame.save(still, "WEBP", quality=QUALITY)
    corner = bytes(6)
    head = corner + _sides(frame.size) + _three_bytes(ticks) + bytes([NO_BLENDING])
    # Behind the still's own "RIFF", size and "WEBP" stand the chunks of the picture.
    return _chunk(b"ANMF", head + still.getvalue()[12:])


def _sides(size: tuple[int, int]) -> bytes:
    return b"".join(_three_bytes(side - 1) for side in size)


def _three_bytes(number: int) -> bytes:
    return struct.pack("<I", number)[:3]


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)
