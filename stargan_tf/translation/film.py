"""Videos: animated GIF and WebP by Pillow, MP4 by imageio and ffmpeg."""

import os
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from stargan_tf.errors import InputError
from stargan_tf.files import new_file

EXTENSIONS = (".gif", ".webp", ".mp4")
MAX_FPS = 50  # a GIF's shortest delay that viewers respect is 0.02 s
GIF_TICK = 10  # GIF counts hundredths of a second, WebP milliseconds
WEBP_OPTIONS = {"quality": 88, "method": 4}
# ffmpeg wants even sides; imageio's own default enlarges them to multiples of 16.
MP4_OPTIONS = {"quality": 8, "macro_block_size": 2}


def write_film(
    path: str | os.PathLike, frames: Iterable[Image.Image], fps: int = 20
) -> Path:
    """Writes a video; the file appears in full or not at all.

    Args:
        path: where to; `.gif`, `.webp` or `.mp4`. Missing folders are made.
        frames: RGB images of one size, at least one. MP4 needs even sides and takes
            the frames one at a time; GIF and WebP need all of them in memory.
        fps: frames per second, 1 to 50. GIF and WebP repeat forever.

    Returns:
        `path` as a `Path`.

    Raises:
        InputError: another extension or rate, no frame, or the file cannot be
            written; nothing is left behind then.
        ImportError: for MP4, without the `video` extra.
    """
    path = check_film(path, fps)
    frames = _checked(frames)
    with new_file(path, "video") as temporary:
        if path.suffix.lower() == ".mp4":
            _write_mp4(temporary, frames, fps)
        else:
            animation = _animation(list(frames), path.suffix.lower() == ".gif", fps)
            temporary.write_bytes(animation)
    return path


def check_film(path: str | os.PathLike, fps: int) -> Path:
    """Whether a video can be written, before there are frames.

    Args:
        path: as in `write_film`.
        fps: frames per second, 1 to 50.

    Returns:
        `path` as a `Path`.

    Raises:
        InputError: another extension or rate.
        ImportError: for MP4, without the `video` extra.
    """
    path = Path(path)
    if path.suffix.lower() not in EXTENSIONS:
        raise InputError(
            f"A film's name must end in one of {', '.join(EXTENSIONS)}. "
            f"Received: {path.name}"
        )
    if not 1 <= fps <= MAX_FPS:
        raise InputError(f"A film has 1 to {MAX_FPS} frames a second. Received: {fps}")
    if path.suffix.lower() == ".mp4" and not _has_ffmpeg():
        raise ImportError(
            "MP4 needs imageio and ffmpeg: pip install 'stargan_tf[video]'. A film "
            "that ends in .gif or .webp needs neither."
        )
    return path


def _has_ffmpeg() -> bool:
    return all(find_spec(name) for name in ("imageio", "imageio_ffmpeg"))


def _checked(frames: Iterable[Image.Image]) -> Iterator[Image.Image]:
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


def _animation(frames: list[Image.Image], is_gif: bool, fps: int) -> bytes:
    # In memory: Pillow's encoders do not notice that a disk is full.
    encoded = BytesIO()
    frames[0].save(
        encoded,
        format="GIF" if is_gif else "WEBP",
        save_all=True,
        append_images=frames[1:],
        duration=frame_durations(len(frames), fps, GIF_TICK if is_gif else 1),
        loop=0,
        **({} if is_gif else WEBP_OPTIONS),
    )
    return encoded.getvalue()


def frame_durations(count: int, fps: int, tick: int) -> list[int]:
    """Milliseconds of each frame, in whole ticks, whose sum stays true to the rate."""
    ends = np.round(np.arange(count + 1) * 1000 / (tick * fps)).astype(int) * tick
    return np.diff(ends).tolist()


def _write_mp4(path: Path, frames: Iterable[Image.Image], fps: int) -> None:
    from imageio.v2 import get_writer

    count = 0
    with get_writer(path, "FFMPEG", fps=fps, **MP4_OPTIONS) as writer:
        for frame in frames:
            writer.append_data(np.asarray(frame))
            count += 1
    if _written_frames(path) != count:
        raise OSError("ffmpeg did not write all of it; the disk may be full")


def _written_frames(path: Path) -> int:
    """Frames in an MP4; imageio does not notice that ffmpeg failed to write some."""
    import imageio_ffmpeg

    try:
        return imageio_ffmpeg.count_frames_and_secs(path)[0]
    except (OSError, RuntimeError):
        return 0
