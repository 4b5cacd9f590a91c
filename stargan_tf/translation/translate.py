"""Translation of files: planning and checking outputs, and writing them."""

import json
import math
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from stargan_tf import files, interruption
from stargan_tf.data.files import extension
from stargan_tf.data.info import sides
from stargan_tf.errors import InputError
from stargan_tf.files import NotWritten, check_writable, refuse_overwriting
from stargan_tf.limits import MAX_TEXT_BYTES
from stargan_tf.native_output import note
from stargan_tf.translation.grid import ROWS_PER_PAGE, rows_per_page
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
Writer = Callable[[Any, Translation], list[Path]]


def plan_outputs(
    pictures: Pictures,
    output: str,
    variants: Sequence[str] = ("",),
    references: Pictures = (),
    overwrite: bool = False,
    measured: bool = False,
    done: Mapping[Path, str] | None = None,
) -> list[list[Path]]:
    """Plans a file for each image in each variant.

    Names and subfolders are kept, and so are extensions of measured images and those in
    `WRITABLE`; other images become `.png`.

    Args:
        pictures: the inputs.
        output: the output folder, or a file for a single input.
        variants: suffixes of the file names, one for each target.
        references: further inputs, which must not be overwritten.
        overwrite: whether to replace existing files.
        measured: whether the model takes measured images.
        done: outputs of an earlier run, which may exist → their inputs.

    Returns:
        For each variant, the path of each image.

    Raises:
        InputError: if an output is an input, exists, or cannot be written.
    """
    names = {picture.name for picture in pictures}
    plain = [
        Path(output) / (p.name if measured else _output_name(p.name, names))
        for p in pictures
    ]
    if names_a_file(output, measured):
        plain = [Path(output)]
        if measured and extension(output) != extension(pictures[0].path):
            raise InputError(
                f"--output must end in {extension(pictures[0].path)}, the format of "
                f"{pictures[0].path}. Received: --output {output}"
            )
        if len(pictures) > 1:
            raise InputError(
                f"--output must be a folder for {len(pictures)} images. "
                f"Received: the file name '{output}'"
            )
    planned = [plain]
    if len(variants) > 1:
        planned = [
            [_with_variant(path, variant) for path in plain] for variant in variants
        ]
    owners: dict[Path, InputPicture] = {}
    for paths in planned:
        for path, picture in zip(paths, pictures, strict=True):
            owner = owners.setdefault(path, picture)
            if owner is not picture:
                raise InputError(
                    f"'{owner.path}' and '{picture.path}' have the same output "
                    f"'{path}'. Translate them in two commands, to two outputs."
                )
    done = done or {}
    new = [path for path, owner in owners.items() if done.get(path) != str(owner.path)]
    check_outputs([*pictures, *references], new, overwrite)
    check_writable(Path(output))
    return planned


def _with_variant(path: Path, variant: str) -> Path:
    """`a.png` → `a_VARIANT.png`, and `a.nii.gz` → `a_VARIANT.nii.gz`."""
    variant = re.sub(r'[\\/:*?"<>|]', "_", variant)  # Not in file names on Windows.
    stem = len(path.name) - len(extension(path))
    return path.with_name(f"{path.name[:stem]}_{variant}{path.name[stem:]}")


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
    overwrite: bool = False,
    images: int | None = None,
) -> list[Path]:
    """Plans a grid's pages of `rows` rows: `grid.png`, or `grid_001.png` and so on.

    Args:
        pictures: see `plan_outputs`.
        output: a file name or a folder.
        rows: images on a page.
        references: see `plan_outputs`.
        overwrite: see `plan_outputs`.
        images: the number of images, if files contain several.
    """
    path = Path(output) if names_a_file(output) else Path(output) / "grid.png"
    count = -(-(images or len(pictures)) // rows)
    planned = [path]
    if count > 1:
        numbers = range(1, count + 1)
        planned = [path.with_stem(f"{path.stem}_{number:03d}") for number in numbers]
    check_outputs([*pictures, *references], planned, overwrite)
    check_writable(Path(output))
    return planned


def check_outputs(
    pictures: Iterable[InputPicture], planned: Iterable[Path], overwrite: bool = True
) -> None:
    """Raises `InputError` if an output is an input, or must not be replaced."""
    # Not `path.exists()`, which raises for a name that is too long.
    existing = [path for path in planned if os.path.exists(path)]
    inputs = {_identity(picture.path) for picture in pictures} if existing else set()
    for path in existing:
        if _identity(path) in inputs:
            raise InputError(
                f"The output '{path}' is an input, and inputs are never overwritten. "
                "Choose another --output."
            )
    if not overwrite:
        refuse_overwriting(*existing)


def _identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino


def to_files(
    stream: PictureStream,
    output: str,
    batch_size: int,
    variants: Sequence[str] = ("",),
    references: Pictures = (),
    overwrite: bool = False,
    record: Mapping[str, Any] | None = None,
) -> Writer:
    """Plans a file for each image in each variant; see `plan_outputs`.

    Args:
        stream: the inputs.
        output: the output folder, or a file for a single input.
        batch_size: images of the model's size per batch.
        variants: suffixes of the file names, one for each target.
        references: further inputs, which must not be overwritten.
        overwrite: whether to replace existing files.
        record: the settings, for the `Manifest` of a folder of several images; None for
            no manifest.

    Returns:
        (model, translation) → the files written. It raises `NotWritten` if the disk is
        full or read-only; earlier files are kept.
    """
    measured = stream.fitting.is_measured
    manifest, done = None, {}
    if record and len(stream.pictures) > 1:
        manifest = Manifest(Path(output), record, overwrite)
        done = manifest.done
    outputs = plan_outputs(
        stream.pictures, output, variants, references, overwrite, measured, done
    )
    stream.done = {
        place
        for place, picture in enumerate(stream.pictures)
        if all(done.get(paths[place]) == str(picture.path) for paths in outputs)
    }
    if stream.done:
        done_before = f"{len(stream.done)} of {len(stream.pictures)}"
        note(f"Resuming: {done_before} images have already been translated.")

    def entered(place: int, path: Path, facts: Mapping[str, Any]) -> None:
        if manifest:
            name = os.path.relpath(path, output)
            manifest.add(input=str(stream.pictures[place].path), output=name, **facts)

    def failed(place: int, problem: str) -> None:
        if manifest:
            manifest.add(input=str(stream.pictures[place].path), problem=problem)

    stream.on_failure = failed

    def write(model: Any, translation: Translation) -> list[Path]:
        written: list[Path] = []
        for batch in in_batches(
            stream, batch_size * math.prod(sides(stream.fitting.image_size))
        ):
            results = translation(model, _stack(batch))
            for translated, paths in zip(results, outputs, strict=True):
                for (place, fitted), result in zip(batch, translated, strict=True):
                    # A file without an entry would be in the way of a resumed run.
                    with interruption.postponed():
                        try:
                            path = fitted.write(result, paths[place])
                        except NotWritten as error:
                            if error.concerns_disk:
                                raise
                            stream.report_unwritten(error)
                            continue
                        if path:
                            written.append(path)
                            entered(place, path, fitted.facts)
        return written

    return write


def to_grid(
    stream: PictureStream,
    output: str,
    batch_size: int,
    columns: int,
    references: Pictures = (),
    overwrite: bool = False,
) -> Writer:
    """Plans the pages of a grid with a row for each image; see `plan_pages`.

    Like `to_files`, for a translation that has a `heading` with `columns` columns: the
    input and the targets. Unreadable images may reduce the number of pages.
    """
    image_size = stream.fitting.image_size
    at_most = rows_per_page(columns, image_size)
    images = sum(stream.fitting.images_in(p.path) for p in stream.pictures)
    pages = plan_pages(stream.pictures, output, at_most, references, overwrite, images)
    # A page at a time: each image is held in every column.
    max_pixels = min(batch_size, at_most) * math.prod(sides(image_size))

    def write(model: Any, translation: Translation) -> list[Path]:
        written: list[Path] = []
        rows: list[tuple[np.ndarray, ...]] = []

        def write_page(page: Sequence) -> None:
            image = translation.heading.draw(page)
            written.append(write_picture(image, pages[len(written)]))

        for batch in in_batches(stream, max_pixels):
            images = _stack(batch)
            rows += zip(images, *translation(model, images), strict=True)
            while len(rows) >= at_most:
                write_page(rows[:at_most])
                rows = rows[at_most:]
        if rows:
            write_page(rows)
        return written

    return write


def _stack(batch: Sequence[Item]) -> np.ndarray:
    return np.stack([fitted.image for _, fitted in batch])


# The manifest of a folder of translations. The first line contains the settings; each
# further line, the result for an input.
MANIFEST = "manifest.jsonl"


class Manifest:
    """The manifest of an output folder.

    Args:
        folder: the output folder; it need not exist.
        record: the settings, for JSON; only a folder with equal settings is resumed.
        overwrite: whether to ignore an existing manifest.

    Attributes:
        done: the outputs that already exist → their inputs.

    Raises:
        InputError: if an existing manifest cannot be read, or has other settings.
    """

    def __init__(self, folder: Path, record: Mapping[str, Any], overwrite: bool):
        self._path = folder / MANIFEST
        self._lines = [json.dumps(record)]
        self._is_open, self.done = False, {}
        if overwrite or not self._path.exists():
            return
        try:
            text = files.read_bytes(self._path, MAX_TEXT_BYTES).decode("utf-8")
            lines = text.splitlines()
            # A killed process may leave a partial line; its file is written again.
            lines = [line for line in lines if line.endswith("}")]
            entries = [files.parsed_json(line) for line in lines]
        except (OSError, ValueError) as error:
            raise InputError(
                f"{self._path} cannot be read: {error}. Remove it, or choose another "
                "--output."
            ) from error
        if lines[:1] != self._lines:
            raise InputError(
                f"{self._path} exists already, of translations with other settings. "
                "Choose another --output, or add --overwrite to replace it."
            )
        self._lines = lines
        for entry in entries:
            if isinstance(entry, dict) and isinstance(entry.get("output"), str):
                path = folder / entry["output"]
                if path.exists():
                    self.done[path] = entry.get("input")

    def add(self, **entry: Any) -> None:
        """Appends a line."""
        if not self._is_open:
            text = "".join(f"{line}\n" for line in self._lines)
            files.write_text(self._path, text, "manifest")
            self._is_open = True
        files.append_line(self._path, json.dumps(entry), "manifest")
