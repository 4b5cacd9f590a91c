"""The grid of pictures a person looks at: inputs beside their translations."""

import math
import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from stargan_tf.errors import InputError
from stargan_tf.translation.picture_file import write_picture

MIN_CELL = 112  # smaller pictures are enlarged by an integer until they reach it
GAP = 6
WIDE_GAP = 22  # between blocks of columns or rows
MARGIN = 14
INK = (45, 45, 50)
PAPER = (255, 255, 255)
MANY_PIXELS = 16_000_000  # more is slow to write and to look at


def save_grid(
    rows: Sequence[Sequence[np.ndarray]],
    titles: Sequence[str],
    path: str | os.PathLike,
    row_titles: Sequence[str] | None = None,
) -> Path:
    """Draws a grid and writes it; the file appears in full or not at all.

    Args:
        rows: rows of uint8 images (height, width, 3).
        titles: what stands above each column.
        path: where to, usually a `.png`.
        row_titles: what stands left of each row; nothing by default.

    Returns:
        `path` as a `Path`.
    """
    return write_picture(draw_grid(rows, titles, row_titles), path)


def draw_grid(
    rows: Sequence[Sequence[np.ndarray]],
    titles: Sequence[str],
    row_titles: Sequence[str] | None = None,
    column_breaks: Collection[int] = (),
    row_breaks: Collection[int] = (),
) -> Image.Image:
    """Draws rows of pictures on white, with titles; tiny pictures are enlarged.

    Args:
        rows: rows of uint8 images (height, width, 3); sizes may differ, each is
            centred in its cell.
        titles: what stands above each column.
        row_titles: what stands left of each row; nothing by default.
        column_breaks: columns with a wider gap before them.
        row_breaks: rows with a wider gap before them.

    Returns:
        An RGB picture.

    Raises:
        InputError: if there is no picture, or the titles do not match.
    """
    _check(rows, titles, row_titles)
    layout = replace(
        _layout(rows, titles, row_titles),
        column_breaks=column_breaks,
        row_breaks=row_breaks,
    )
    canvas = Image.new("RGB", layout.canvas_size(len(titles), len(rows)), PAPER)
    _draw_titles(ImageDraw.Draw(canvas), layout, titles, row_titles or ())
    for row_index, row in enumerate(rows):
        for column, picture in enumerate(row):
            _paste(canvas, layout, column, row_index, picture)
    return canvas


def reduced(picture: Image.Image) -> Image.Image:
    """The picture, by an integer smaller where it has more than `MANY_PIXELS`."""
    pixels = picture.width * picture.height
    return picture.reduce(math.ceil(math.sqrt(max(1, pixels / MANY_PIXELS))))


def with_caption(picture: Image.Image, text: str) -> Image.Image:
    """The picture with a line above it; as it is if there is no text."""
    if not text:
        return picture
    font = ImageFont.load_default(size=14)
    band = MARGIN + round(1.6 * font.size)
    canvas = Image.new("RGB", (picture.width, picture.height + band), PAPER)
    canvas.paste(picture, (0, band))
    ImageDraw.Draw(canvas).text((MARGIN, band), text, INK, font, anchor="ld")
    return canvas


@dataclass(frozen=True)
class _Layout:
    """Sizes in pixels: a cell, the bands for titles, and the enlargement."""

    cell: tuple[int, int]
    scale: int
    left: int
    top: int
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont
    column_breaks: Collection[int] = ()
    row_breaks: Collection[int] = ()

    def corner(self, column: int, row: int) -> tuple[int, int]:
        return (
            self.left + _offset(column, self.cell[0], self.column_breaks),
            self.top + _offset(row, self.cell[1], self.row_breaks),
        )

    def canvas_size(self, columns: int, rows: int) -> tuple[int, int]:
        right, bottom = self.corner(columns, rows)
        return right - GAP + MARGIN, bottom - GAP + MARGIN


def _offset(index: int, side: int, breaks: Collection[int]) -> int:
    passed = sum(0 < place <= index for place in breaks)
    return index * (side + GAP) + passed * (WIDE_GAP - GAP)


def _check(rows: Sequence, titles: Sequence, row_titles: Sequence | None) -> None:
    columns = max((len(row) for row in rows), default=0)
    if not columns:
        raise InputError("A grid needs at least one picture. Received none.")
    if len(titles) != columns:
        raise InputError(
            f"A grid of {columns} columns needs as many titles. Received: {titles}"
        )
    if row_titles is not None and len(row_titles) != len(rows):
        raise InputError(
            f"A grid of {len(rows)} rows needs as many row_titles. "
            f"Received: {row_titles}"
        )


def _layout(rows: Sequence, titles: Sequence, row_titles: Sequence | None) -> _Layout:
    shapes = [picture.shape for row in rows for picture in row]
    height, width = max(s[0] for s in shapes), max(s[1] for s in shapes)
    scale = max(1, -(-MIN_CELL // min(height, width)))
    cell = (width * scale, height * scale)
    font = _fitting_font(titles, cell[0])
    band = max((font.getlength(title) for title in row_titles or ()), default=0)
    left = MARGIN + (round(band) + 2 * GAP if band else 0)
    return _Layout(cell, scale, left, MARGIN + round(1.6 * font.size), font)


def _fitting_font(titles: Sequence[str], width: int) -> ImageFont.FreeTypeFont:
    # The largest size that lets every title stand over its column.
    largest = min(28, max(14, width // 8))
    for size in range(largest, 8, -1):
        font = ImageFont.load_default(size=size)
        if max(font.getlength(title) for title in titles) <= width + GAP - 2:
            break
    return font


def _draw_titles(
    draw: ImageDraw.ImageDraw,
    layout: _Layout,
    titles: Sequence[str],
    row_titles: Sequence[str],
) -> None:
    width, height = layout.cell
    for column, title in enumerate(titles):
        left, top = layout.corner(column, 0)
        where = (left + width / 2, top - GAP)
        draw.text(where, title, INK, layout.font, anchor="md")
    for row, title in enumerate(row_titles):
        left, top = layout.corner(0, row)
        where = (left - 2 * GAP, top + height / 2)
        draw.text(where, title, INK, layout.font, anchor="rm")


def _paste(
    canvas: Image.Image, layout: _Layout, column: int, row: int, picture: np.ndarray
) -> None:
    image = Image.fromarray(np.ascontiguousarray(picture))
    size = (image.width * layout.scale, image.height * layout.scale)
    # Bicubic rather than nearest: at ×2 to ×4 blocks hide the face they show.
    image = image.resize(size, Image.Resampling.BICUBIC) if layout.scale > 1 else image
    left, top = layout.corner(column, row)
    offset = (layout.cell[0] - size[0]) // 2, (layout.cell[1] - size[1]) // 2
    canvas.paste(image, (left + offset[0], top + offset[1]))


# What stands above a grid's columns: titles, perhaps pictures, and wider gaps.

INPUT = "input"


@dataclass(frozen=True)
class Heading:
    """The head of a grid's columns.

    Args:
        titles: one for each column.
        pictures: uint8 (height, width, 3), one for each column: a first row, the
            paper's references. None by default.
        breaks: columns with a wider gap before them, where another block begins.
    """

    titles: Sequence[str]
    pictures: Sequence[np.ndarray] = ()
    breaks: Sequence[int] = ()

    def after_input(self) -> "Heading":
        """The same with the inputs' column before it."""
        # The corner above the inputs and left of the references is white paper.
        corner = [np.full_like(picture, 255) for picture in self.pictures[:1]]
        return Heading(
            [INPUT, *self.titles],
            [*corner, *self.pictures],
            sorted({1, *(column + 1 for column in self.breaks)}),
        )

    def draw(self, rows: Sequence[Sequence[np.ndarray]]) -> Image.Image:
        """Draws a grid with this head.

        Args:
            rows: rows of uint8 images (height, width, 3), as many as there are titles.

        Returns:
            An RGB picture.
        """
        head = [list(self.pictures)] if self.pictures else []
        return draw_grid(
            [*head, *rows],
            self.titles,
            column_breaks=self.breaks,
            row_breaks=(1,) if head else (),
        )
