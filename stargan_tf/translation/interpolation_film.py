"""An interpolation as a film: the way from style to style and back to the first."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from stargan_tf.translation.by_style import StyleModel, as_bytes
from stargan_tf.translation.film import write_film
from stargan_tf.translation.film_frames import film_frames
from stargan_tf.translation.random_styles import random_styles
from stargan_tf.translation.style_source import StyleSource


def interpolation_film(
    path: str | os.PathLike,
    model: StyleModel,
    images: np.ndarray,
    domain: str,
    seeds: Sequence[int],
    frames: int = 80,
    fps: int = 20,
    truncation: float = 1.0,
) -> Path:
    """Films sources on the way between random styles of a domain.

    Args:
        path: where to; `.gif`, `.webp` or `.mp4`.
        model: a `StarGANV2`.
        images: the sources, side by side: (n, size, size, 3) or one (size, size, 3),
            uint8 or float in [-1, 1].
        domain: the target domain's name.
        seeds: of the random styles on the way, two or more.
        frames: length of the film.
        fps: frames per second, 1 to 50.
        truncation: ψ in [0, 1], see `StarGANV2.translate`.

    Returns:
        `path` as a `Path`.

    Raises:
        InputError: fewer than two seeds, too many sources, another extension or
            rate, or the file cannot be written.
        ImportError: for MP4, without the `video` extra.
    """
    images = np.asarray(images)
    images = images[None] if images.ndim == 3 else images
    styles = random_styles([domain], seeds, truncation)
    return film_along_the_way(path, model, as_bytes(images), styles, frames, fps)


def film_along_the_way(
    path: str | os.PathLike,
    model: StyleModel,
    images: np.ndarray,
    source: StyleSource,
    frames: int,
    fps: int,
    batch_size: int = 16,
) -> Path:
    """Films sources on the way through a source's styles; shows its progress.

    Args:
        path: where to.
        model: the model.
        images: uint8 (n, size, size, 3).
        source: two styles or more.
        frames: length of the film.
        fps: frames per second.
        batch_size: images that the model gets at a time.

    Returns:
        `path` as a `Path`.
    """
    styles = source.path_through(model).styles(frames, closed=True)
    drawn = film_frames(model, images, styles, batch_size)
    bar = tqdm(drawn, "film", total=frames, unit="frame", disable=None)
    return write_film(path, bar, fps)
