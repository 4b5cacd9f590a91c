"""Pictures in several styles: as files, as a grid or strip, or as a film."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from stargan_tf.files import NotWritten
from stargan_tf.steering.labels import ToEveryDomain, ToTarget
from stargan_tf.steering.styles import StyleModel, StyleSource, ToStyles, to_styles
from stargan_tf.translation.interpolation import along_the_way, film_along_the_way
from stargan_tf.translation.picture_file import write_picture
from stargan_tf.translation.pictures import (
    ROWS_PER_PAGE,
    Item,
    PictureStream,
    in_batches,
    stack,
)

# Files in, files out: one picture each, or the pages of a grid.


def translate_files(
    model: Any,
    stream: PictureStream,
    translation: ToTarget,
    outputs: Sequence[Path],
    max_pixels: int,
) -> list[Path]:
    """Translates pictures one by one to files.

    Args:
        model: what `translation` works with.
        stream: the pictures.
        translation: what to do with them.
        outputs: where to write each of the stream's pictures.
        max_pixels: bound on the pixels that the model gets at once.

    Returns:
        The files written; `stream` counts the others.

    Raises:
        NotWritten: if the disk is full or read-only; the files before are there.
    """
    written: list[Path] = []
    for batch in in_batches(stream, max_pixels):
        translated = translation(model, stack(batch))
        written += _write(stream, batch, translated, outputs)
    return written


def translate_to_styles(
    model: Any,
    stream: PictureStream,
    translation: ToStyles,
    outputs: Sequence[Sequence[Path]],
    max_pixels: int,
) -> list[Path]:
    """Translates each picture to each of several styles, to files.

    Args:
        model: what `translation` works with.
        stream: the pictures.
        translation: the styles.
        outputs: for each style, where to write each of the stream's pictures.
        max_pixels: bound on the pixels that the model gets at once.

    Returns:
        The files written; `stream` counts the others.

    Raises:
        NotWritten: if the disk is full or read-only; the files before are there.
    """
    written: list[Path] = []
    for batch in in_batches(stream, max_pixels):
        styled = translation(model, stack(batch))
        for translated, paths in zip(styled, outputs, strict=True):
            written += _write(stream, batch, translated, paths)
    return written


def _write(
    stream: PictureStream,
    batch: Sequence[Item],
    translated: np.ndarray,
    outputs: Sequence[Path],
) -> list[Path]:
    written = []
    for item, output in zip(batch, translated, strict=True):
        try:
            path = write_picture(item.fitted.restore(output), outputs[item.index])
            written.append(path)
        except NotWritten as error:
            if error.concerns_disk:
                raise
            stream.report_unwritten(error)
    return written


def translate_to_grid(
    model: Any,
    stream: PictureStream,
    translation: ToEveryDomain | ToStyles,
    outputs: Sequence[Path],
    max_pixels: int,
    rows_per_page: int = ROWS_PER_PAGE,
) -> list[Path]:
    """Translates pictures to grids: a row for each, the input first.

    Args:
        model: what `translation` works with.
        stream: the pictures.
        translation: what to do with them.
        outputs: where to write the pages.
        max_pixels: bound on the pixels that the model gets at once.
        rows_per_page: as `outputs` were planned.

    Returns:
        The pages written; fewer than `outputs` if pictures could not be read.

    Raises:
        InputError: if a page cannot be written; those before it are there.
    """
    heading = translation.heading
    written: list[Path] = []
    rows: list[list[np.ndarray]] = []
    for batch in in_batches(stream, max_pixels):
        images = stack(batch)
        columns = [images, *translation(model, images)]
        rows += [list(row) for row in zip(*columns, strict=True)]
        while len(rows) >= rows_per_page:
            page, rows = rows[:rows_per_page], rows[rows_per_page:]
            written.append(write_picture(heading.draw(page), outputs[len(written)]))
    if rows:
        written.append(write_picture(heading.draw(rows), outputs[len(written)]))
    return written


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
