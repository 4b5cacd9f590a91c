"""Files in, files out: where results go, refused before any work, and the work."""

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from stargan_tf.errors import InputError
from stargan_tf.files import NotWritten, check_writable
from stargan_tf.translation.grid import ROWS_PER_PAGE
from stargan_tf.translation.pictures import (
    WRITABLE,
    InputPicture,
    Item,
    PictureStream,
    in_batches,
    names_a_file,
    write_picture,
)

Pictures = Sequence[InputPicture]
# (model, uint8 images (n, h, w, 3)) → arrays of the same shape, one for each target.
Translation = Callable[[Any, np.ndarray], list[np.ndarray]]


def plan_outputs(
    pictures: Pictures,
    output: str,
    variants: Sequence[str] = ("",),
    references: Pictures = (),
) -> list[list[Path]]:
    """A file for each image in each variant.

    Names and sub-folders are kept, and so is the extension where it is one of
    `WRITABLE`; other images become `.png`.

    Args:
        pictures: what is to be translated.
        output: for a single image a file or a folder, else a folder. A path that
            does not exist yet is a file if it has an image's extension.
        variants: what the names end in where there are several.
        references: further images that must not be overwritten.

    Returns:
        For each variant, paths in the order of `pictures`.

    Raises:
        InputError: if an input would be overwritten, two images would share an
            output, or `output` cannot be written to.
    """
    names = {picture.name for picture in pictures}
    plain = [Path(output) / _output_name(p.name, names) for p in pictures]
    if names_a_file(output):
        plain = [Path(output)]
        if len(pictures) > 1:
            raise InputError(
                f"--output must be a folder for {len(pictures)} pictures. "
                f"Received the file name '{output}'"
            )
    planned = [plain]
    if len(variants) > 1:
        planned = [
            [path.with_stem(f"{path.stem}_{variant}") for path in plain]
            for variant in variants
        ]
    owners: dict[Path, InputPicture] = {}
    for paths in planned:
        for path, picture in zip(paths, pictures, strict=True):
            owner = owners.setdefault(path, picture)
            if owner is not picture:
                raise InputError(
                    f"'{owner.path}' and '{picture.path}' would both become '{path}'. "
                    "Translate them in two commands, to two outputs."
                )
    refuse_overwriting([*pictures, *references], owners)
    check_writable(Path(output))
    return planned


def _output_name(name: Path, taken: set[Path]) -> Path:
    if name.suffix.lower() in WRITABLE:
        return name
    converted = name.with_suffix(".png")
    # a.gif beside a.png: the second keeps its name, the first becomes a.gif.png.
    return name.with_name(f"{name.name}.png") if converted in taken else converted


def plan_pages(
    pictures: Pictures,
    output: str,
    rows: int = ROWS_PER_PAGE,
    references: Pictures = (),
) -> list[Path]:
    """Paths of a grid's pages of `rows` rows: `grid.png`, or `grid_001.png` and so on.

    `output` is the grid's file name, or a folder; the rest is as in `plan_outputs`.
    """
    path = Path(output) if names_a_file(output) else Path(output) / "grid.png"
    count = -(-len(pictures) // rows)
    planned = [path]
    if count > 1:
        numbers = range(1, count + 1)
        planned = [path.with_stem(f"{path.stem}_{number:03d}") for number in numbers]
    refuse_overwriting([*pictures, *references], planned)
    check_writable(Path(output))
    return planned


def refuse_overwriting(
    pictures: Iterable[InputPicture], planned: Iterable[Path]
) -> None:
    """Raises InputError if an output is one of the inputs, by whatever name."""
    # Not `path.exists()`, which raises where a name is too long.
    existing = [path for path in planned if os.path.exists(path)]
    inputs = {_identity(picture.path) for picture in pictures} if existing else set()
    for path in existing:
        if _identity(path) in inputs:
            raise InputError(
                f"The output '{path}' is an input, and inputs are never overwritten. "
                "Give another --output."
            )


def _identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino


def translate_files(
    model: Any,
    stream: PictureStream,
    translation: Translation,
    outputs: Sequence[Sequence[Path]],
    max_pixels: int,
) -> list[Path]:
    """Translates images one by one to files.

    Args:
        model: what `translation` works with.
        stream: the images; it counts those that cannot be read or written.
        translation: what to do with them.
        outputs: for each target of the translation, where to write each image.
        max_pixels: bound on the pixels that the model gets at once.

    Returns:
        The files written.

    Raises:
        NotWritten: if the disk is full or read-only; the files before are there.
    """
    written: list[Path] = []
    for batch in in_batches(stream, max_pixels):
        results = translation(model, _stack(batch))
        for translated, paths in zip(results, outputs, strict=True):
            for (place, fitted), output in zip(batch, translated, strict=True):
                try:
                    path = write_picture(fitted.restore(output), paths[place])
                    written.append(path)
                except NotWritten as error:
                    if error.concerns_disk:
                        raise
                    stream.report_unwritten(error)
    return written


def translate_to_grid(
    model: Any,
    stream: PictureStream,
    translation: Translation,
    outputs: Sequence[Path],
    max_pixels: int,
    rows_per_page: int = ROWS_PER_PAGE,
) -> list[Path]:
    """Translates images to grids, a row for each, the input first.

    It is as `translate_files`, with a translation that has a `heading`, and with the
    pages of `plan_pages` as outputs: fewer are written if images cannot be read.
    """
    heading = translation.heading
    written: list[Path] = []
    rows: list[list[np.ndarray]] = []
    for batch in in_batches(stream, max_pixels):
        images = _stack(batch)
        columns = [images, *translation(model, images)]
        rows += [list(row) for row in zip(*columns, strict=True)]
        while len(rows) >= rows_per_page:
            page, rows = rows[:rows_per_page], rows[rows_per_page:]
            written.append(write_picture(heading.draw(page), outputs[len(written)]))
    if rows:
        written.append(write_picture(heading.draw(rows), outputs[len(written)]))
    return written


def _stack(batch: Sequence[Item]) -> np.ndarray:
    return np.stack([fitted.image for _, fitted in batch])
