"""Films: animated GIF, animated WebP or MP4, written frame by frame.

Pillow's own `save_all` is not used: it keeps every frame (GIF) or all that was given
(WebP) until the end. Here a frame is forgotten as soon as it is in the file.
"""

import os
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from pathlib import Path

from PIL import Image

from stargan_tf.errors import InputError
from stargan_tf.files import new_file
from stargan_tf.translation.film_gif import write_gif
from stargan_tf.translation.film_mp4 import write_mp4
from stargan_tf.translation.film_webp import write_webp

Writer = Callable[[Path, Iterable[Image.Image], int], None]
WRITERS: dict[str, Writer] = {".gif": write_gif, ".webp": write_webp, ".mp4": write_mp4}
MAX_FPS = 50  # a GIF's shortest delay that viewers respect is 0.02 s


def write_film(
    path: str | os.PathLike, frames: Iterable[Image.Image], fps: int = 20
) -> Path:
    """Writes a film; the file appears in full or not at all.

    Args:
        path: where to; `.gif`, `.webp` or `.mp4`. Missing folders are made.
        frames: RGB pictures of one size, at least one; taken one at a time.
        fps: frames per second, 1 to 50. GIF and WebP repeat for ever.

    Returns:
        `path` as a `Path`.

    Raises:
        InputError: another extension or rate, no frame, or the file cannot be
            written; nothing is left behind then.
        ImportError: for MP4, without the `video` extra.
    """
    path = check_film(path, fps)
    with new_file(path, "video") as temporary:
        WRITERS[path.suffix.lower()](temporary, _checked(frames), fps)
    return path


def check_film(path: str | os.PathLike, fps: int) -> Path:
    """Whether a film can be written, before there are frames.

    Args:
        path: as in `write_film`.
        fps: likewise.

    Returns:
        `path` as a `Path`.

    Raises:
        InputError: another extension or rate.
        ImportError: for MP4, without the `video` extra.
    """
    path = Path(path)
    if path.suffix.lower() not in WRITERS:
        raise InputError(
            f"A film's name must end in one of {', '.join(WRITERS)}. "
            f"Received: {path.name}"
        )
    if not 1 <= fps <= MAX_FPS:
        raise InputError(f"A film has 1 to {MAX_FPS} frames a second. Received: {fps}")
    if path.suffix.lower() == ".mp4" and find_spec("imageio_ffmpeg") is None:
        raise ImportError(
            "MP4 needs ffmpeg: pip install 'stargan_tf[video]'. A film that ends in "
            ".gif or .webp needs nothing."
        )
    return path


def _checked(frames: Iterable[Image.Image]) -> Iterable[Image.Image]:
    size = None
    for frame in frames:
        size = size or frame.size
        if frame.size != size:
            raise InputError(
                f"A film's frames have one size. Received: {size} and {frame.size}"
            )
        yield frame
    if size is None:
        raise InputError("A film needs at least one frame. Received none.")
