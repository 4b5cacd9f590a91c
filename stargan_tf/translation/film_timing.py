"""How long each frame of a film stays, in whole ticks of its format."""

from collections.abc import Iterator
from itertools import count


def frame_durations(fps: int, ticks_per_second: int) -> Iterator[int]:
    """Durations whose sum stays true to the rate, however long the film is.

    Args:
        fps: frames per second.
        ticks_per_second: 100 for GIF, 1000 for WebP.

    Yields:
        Ticks for one frame after another, without end: at 30 frames a second a GIF's
        are 3, 4, 3, 3, 4, 3, ….
    """
    ends = (round(number * ticks_per_second / fps) for number in count(1))
    before = 0
    for end in ends:
        yield end - before
        before = end
