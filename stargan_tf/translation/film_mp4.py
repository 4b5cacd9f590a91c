"""MP4 through ffmpeg, which the `video` extra brings."""

import struct
from collections.abc import Iterable
from contextlib import closing
from itertools import chain
from pathlib import Path

from PIL import Image

QUALITY = 8  # of 10


def write_mp4(path: Path, frames: Iterable[Image.Image], fps: int) -> None:
    """Pipes frames to ffmpeg; see `write_film`.

    Args:
        path: the file, which ends in `.mp4`.
        frames: RGB pictures of one size, with even sides.
        fps: frames per second.
    """
    from imageio_ffmpeg import write_frames

    stream = iter(frames)
    first = next(stream, None)
    if first is None:
        return
    options = {"fps": fps, "quality": QUALITY, "macro_block_size": 2}
    with closing(write_frames(str(path), first.size, **options)) as ffmpeg:
        ffmpeg.send(None)
        for frame in chain([first], stream):
            ffmpeg.send(frame.tobytes())
    _check_whole(path)


def _check_whole(path: Path) -> None:
    """Raises OSError if the file was cut short, which ffmpeg's wrapper does not say.

    An MP4 is a row of boxes, each with its size; the index, "moov", is written last.
    """
    names, place, size = [], 0, path.stat().st_size if path.exists() else 0
    with path.open("rb") as file:
        while place < size:
            file.seek(place)
            length, name = struct.unpack(">I4s", file.read(8).ljust(8, b"\0"))
            if length == 1:  # The size is a 64-bit number behind the name.
                (length,) = struct.unpack(">Q", file.read(8).ljust(8, b"\0"))
            if length < 8:
                break
            names.append(name)
            place += length
    if place != size or b"moov" not in names:
        raise OSError("ffmpeg did not write all of it; the disk may be full")
