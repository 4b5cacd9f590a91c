"""Pictures in several styles: as files, as a grid or strip, or as a film."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from stargan_tf.translation.batches import PictureStream
from stargan_tf.translation.by_style import StyleModel
from stargan_tf.translation.interpolation_film import film_along_the_way
from stargan_tf.translation.interpolation_strip import along_the_way
from stargan_tf.translation.style_source import StyleSource, to_styles
from stargan_tf.translation.translate_files import (
    translate_to_grid,
    translate_to_styles,
)


def files(
    paths: Sequence[Sequence[Path]],
    max_pixels: int,
    model: StyleModel,
    source: StyleSource,
    stream: PictureStream,
) -> list[Path]:
    """A file for each picture in each style.

    Args:
        paths: for each style, where to write each picture.
        max_pixels: bound on the pixels that the model gets at once.
        model: the model.
        source: the styles.
        stream: the pictures.

    Returns:
        The files written.
    """
    translation = to_styles(model, source)
    return translate_to_styles(model, stream, translation, paths, max_pixels)


def grid(
    pages: Sequence[Path],
    rows: int,
    steps: int | None,
    max_pixels: int,
    model: StyleModel,
    source: StyleSource,
    stream: PictureStream,
) -> list[Path]:
    """Pictures down and styles across.

    Args:
        pages: where to write.
        rows: of a page.
        steps: None for the styles themselves; a number for so many columns on the way
            from the first to the last.
        max_pixels: bound on the pixels that the model gets at once.
        model: the model.
        source: the styles.
        stream: the pictures.

    Returns:
        The pages written.
    """
    if steps is None:
        translation = to_styles(model, source)
    else:
        translation = along_the_way(model, source, steps)
    return translate_to_grid(model, stream, translation, pages, max_pixels, rows)


def film(
    path: Path,
    frames: int,
    fps: int,
    batch_size: int,
    model: StyleModel,
    source: StyleSource,
    stream: PictureStream,
) -> list[Path]:
    """Pictures side by side, on the way from style to style and back to the first.

    Args:
        path: where to write.
        frames: length of the film.
        fps: frames per second.
        batch_size: images that the model gets at a time.
        model: the model.
        source: two styles or more.
        stream: the pictures.

    Returns:
        The film; nothing if no picture could be read.
    """
    images = [item.fitted.image for item in stream]
    if not images:
        return []
    images = np.stack(images)
    return [film_along_the_way(path, model, images, source, frames, fps, batch_size)]
