"""MP4 through ffmpeg, which the `video` extra brings."""

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
