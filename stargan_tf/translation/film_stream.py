"""What GIF and WebP share: a head, then one frame after the other."""

from collections.abc import Callable, Iterable
from typing import BinaryIO

from PIL import Image

from stargan_tf.translation.film_timing import frame_durations

Size = tuple[int, int]


def write_frames(
    file: BinaryIO,
    frames: Iterable[Image.Image],
    durations: tuple[int, int],
    head: Callable[[Size], bytes],
    body: Callable[[Image.Image, int], bytes],
) -> None:
    """Writes each frame as it comes and forgets it.

    Args:
        file: an empty file.
        frames: RGB pictures of one size.
        durations: frames per second and ticks per second, see `frame_durations`.
        head: the frames' size → what stands before the first.
        body: a frame and its ticks → what stands for it.
    """
    for frame, ticks in zip(frames, frame_durations(*durations), strict=False):
        if not file.tell():
            file.write(head(frame.size))
        file.write(body(frame, ticks))
