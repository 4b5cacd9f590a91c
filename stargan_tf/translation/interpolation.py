"""Interpolation between styles, as columns of an image or as a video."""

import os
from collections.abc import Iterable, Iterator, Sequence
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from stargan_tf.data.pictures import shown
from stargan_tf.errors import InputError
from stargan_tf.files import check_ending, new_file
from stargan_tf.progress import Progress
from stargan_tf.steering.styles import StyleSource, ToStyles, as_bytes, random_styles
from stargan_tf.translation.grid import PAPER, Heading

EXTENSIONS = (".gif", ".webp", ".mp4")
MAX_FPS = 50  # The shortest delay of a GIF that viewers respect is 0.02 s.
GIF_TICK = 10  # Delays in GIF are multiples of 10 ms; in WebP, of 1 ms.
WEBP_OPTIONS = {"quality": 88, "method": 4}
# ffmpeg needs even sides; by default, imageio enlarges them to multiples of 16.
MP4_OPTIONS = {"quality": 8, "macro_block_size": 2}
MAX_SOURCES = 16
GAP = 4  # Between sources; even, since the sides of MP4 must be even.


def interpolation_strip(
    model: Any,
    images: np.ndarray,
    domain: str,
    seeds: Sequence[int],
    steps: int = 9,
    truncation: float = 1.0,
) -> Image.Image:
    """Translates images to interpolated random styles of a domain.

    Args:
        model: a `StarGANV2`.
        images: the sources, (n, size, size, 3) or one (size, size, 3), uint8 or float
            in [-1, 1].
        domain: name of the target domain.
        seeds: seeds of the random styles to interpolate, two or more.
        steps: number of columns, including the first and the last style.
        truncation: ψ in [0, 1], see `StarGANV2.translate`.

    Returns:
        An RGB image with a row for each source and a column for each style.

    Raises:
        InputError: for fewer than two seeds or steps.
    """
    styles = random_styles([domain], seeds, truncation)
    return along_the_way(model, styles, steps).draw(model, _several(images))


def along_the_way(model: Any, source: StyleSource, steps: int) -> ToStyles:
    """The translation to `steps` interpolated styles of a style source.

    Columns have a title if they show one of the source's styles.
    """
    path = source.path_through(model)
    # Only at exactly that style: nearby styles are different.
    titles = [
        source.columns.titles[round(position)]
        if abs(position - round(position)) < 1e-6
        else ""
        for position in path.positions(steps).tolist()
    ]
    return ToStyles(path.styles(steps), Heading(titles))


def interpolation_video(
    path: str | os.PathLike,
    model: Any,
    images: np.ndarray,
    domain: str,
    seeds: Sequence[int],
    frames: int = 80,
    fps: int = 20,
    truncation: float = 1.0,
) -> Path:
    """Writes a video of images as their style changes.

    Args:
        path: the video file: `.gif`, `.webp`, or `.mp4`.
        model: a `StarGANV2`.
        images: the sources, side by side: (n, size, size, 3) or one (size, size, 3),
            uint8 or float in [-1, 1].
        domain: name of the target domain.
        seeds: seeds of the random styles to interpolate, two or more.
        frames: number of frames.
        fps: frames per second, 1 to 50.
        truncation: ψ in [0, 1], see `StarGANV2.translate`.

    Returns:
        `path` as a `Path`.

    Raises:
        InputError: for fewer than two seeds, too many sources, or an invalid extension
            or rate; or if the file cannot be written.
        ImportError: for MP4 without the extra `video`.
    """
    styles = random_styles([domain], seeds, truncation)
    images = as_bytes(_several(images))
    return video_along_the_way(path, model, images, styles, frames, fps)


def _several(images: np.ndarray) -> np.ndarray:
    images = np.asarray(images)
    return images[None] if images.ndim == 3 else images


def video_along_the_way(
    path: str | os.PathLike,
    model: Any,
    images: np.ndarray,
    source: StyleSource,
    frames: int,
    fps: int,
    batch_size: int = 16,
) -> Path:
    """Writes a video of uint8 sources, through all styles and back to the first."""
    images = np.asarray(images)
    styles = source.path_through(model).styles(frames, closed=True)
    drawn = video_frames(model, images, styles, batch_size)
    bar = Progress(drawn, "Video", "frame", total=frames)
    return write_video(path, bar, fps)


def video_frames(
    model: Any, images: np.ndarray, styles: np.ndarray, batch_size: int = 16
) -> Iterator[Image.Image]:
    """Yields the frames of a video: sources side by side as their style changes.

    Args:
        model: a `StarGANV2`.
        images: the sources, uint8 (n, size, size, 3), at most `MAX_SOURCES`.
        styles: the style of each frame, float32 (frames, style_dim).
        batch_size: images per batch.

    Yields:
        RGB images of one size.

    Raises:
        InputError: if there are no sources, or too many.
    """
    check_sources(len(images))
    at_once = max(1, batch_size // len(images))
    for start in range(0, len(styles), at_once):
        chunk = styles[start : start + at_once]
        translated = model.translate(
            np.tile(images, (len(chunk), 1, 1, 1)),
            styles=np.repeat(chunk, len(images), axis=0),
            batch_size=batch_size,
        )
        for frame in translated.reshape(len(chunk), *images.shape):
            yield _tile(frame)


def check_sources(count: int) -> None:
    """Raises `InputError` unless a video of `count` sources is possible."""
    if not 1 <= count <= MAX_SOURCES:
        raise InputError(
            f"A video shows 1 to {MAX_SOURCES} images side by side. Received: {count}"
        )


def _tile(images: np.ndarray) -> Image.Image:
    """Arranges images (n, size, size, 3) in a nearly square block."""
    count, height, width = images.shape[:3]
    columns = int(np.ceil(np.sqrt(count)))
    rows = -(-count // columns)
    size = (columns * (width + GAP) - GAP, rows * (height + GAP) - GAP)
    frame = Image.new("RGB", size, PAPER)
    for index, image in enumerate(images):
        row, column = divmod(index, columns)
        corner = (column * (width + GAP), row * (height + GAP))
        frame.paste(Image.fromarray(shown(image)), corner)
    return frame


def write_video(
    path: str | os.PathLike, frames: Iterable[Image.Image], fps: int = 20
) -> Path:
    """Writes a video atomically.

    Args:
        path: the video file: `.gif`, `.webp`, or `.mp4`. Missing folders are created.
        frames: one or more RGB images of the same size. MP4 needs even sides, and is
            written frame by frame; GIF and WebP need all frames in memory.
        fps: frames per second, 1 to 50. GIF and WebP repeat forever.

    Returns:
        `path` as a `Path`.

    Raises:
        InputError: for an invalid extension or rate, or no frames; or if the file
            cannot be written.
        ImportError: for MP4 without the extra `video`.
    """
    path = check_video(path, fps)
    frames = _checked(frames)
    with new_file(path, "video") as temporary:
        if path.suffix.lower() == ".mp4":
            _write_mp4(temporary, frames, fps)
        else:
            animation = _animation(list(frames), path.suffix.lower() == ".gif", fps)
            temporary.write_bytes(animation)
    return path


def check_video(path: str | os.PathLike, fps: int) -> Path:
    """Checks the path and the rate of a video, before frames are drawn.

    Raises:
        InputError: for an invalid extension or rate.
        ImportError: for MP4 without the extra `video`.
    """
    path = check_ending(path, "a video", EXTENSIONS)
    if not 1 <= fps <= MAX_FPS:
        raise InputError(f"fps must be from 1 to {MAX_FPS}. Received: {fps}")
    if path.suffix.lower() == ".mp4" and not _has_ffmpeg():
        raise ImportError(
            "MP4 needs imageio and ffmpeg: pip install 'stargan_tf[video]'. Videos "
            "in .gif or .webp need neither."
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
                f"All frames must have one size. Received: {size} and {frame.size}"
            )
        yield frame
    if size is None:
        raise InputError("A video needs at least one frame. Received: none")


def _animation(frames: list[Image.Image], is_gif: bool, fps: int) -> bytes:
    # In memory, since Pillow's encoders do not report a full disk.
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
    """Milliseconds of each frame, in whole ticks, whose sum matches the rate."""
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
        raise OSError("ffmpeg did not write all frames; the disk may be full")


def _written_frames(path: Path) -> int:
    """Frames in an MP4 file; imageio does not report errors of ffmpeg."""
    import imageio_ffmpeg

    try:
        return imageio_ffmpeg.count_frames_and_secs(path)[0]
    except (OSError, RuntimeError):
        return 0
