"""Grids of images a person looks at: inputs beside translations, and contact sheets."""

import math
import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from tqdm import tqdm

from stargan_tf.data.source import LabelledImages, UnreadableImage
from stargan_tf.errors import InputError
from stargan_tf.translation.pictures import write_picture

MIN_CELL = 112  # smaller images are enlarged by an integer until they reach it
GAP = 6
WIDE_GAP = 22  # between blocks of columns or rows
MARGIN = 14
INK = (45, 45, 50)
PAPER = (255, 255, 255)
MANY_PIXELS = 16_000_000  # more is slow to write and to look at
ROWS_PER_PAGE = 10  # more would not fit a screen
PAGE_PIXELS = 64_000_000  # 192 MB; viewers warn of images of 90 million and more
INPUT = "input"

SHEET_COLUMNS = {"train": 6, "held_out": 3}
SHEET_ROWS = 40  # at most: all of CelebA's, but not of thousands of people
SHEET_TITLES = {"train": "train", "held_out": "held out"}


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
            An RGB image.
        """
        head = [list(self.pictures)] if self.pictures else []
        return draw_grid(
            [*head, *rows],
            self.titles,
            column_breaks=self.breaks,
            row_breaks=(1,) if head else (),
        )


def rows_per_page(columns: int, image_size: int) -> int:
    """How many rows a grid's page has: fewer where many or large columns fill it."""
    side = max(image_size, MIN_CELL)
    return max(1, min(ROWS_PER_PAGE, PAGE_PIXELS // (columns * side**2)))


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
    """Draws rows of images on white, with titles; tiny images are enlarged.

    Args:
        rows: rows of uint8 images (height, width, 3); sizes may differ, each is
            centered in its cell.
        titles: what stands above each column.
        row_titles: what stands left of each row; nothing by default.
        column_breaks: columns with a wider gap before them.
        row_breaks: rows with a wider gap before them.

    Returns:
        An RGB image.

    Raises:
        InputError: if there is no image, or the titles do not match.
    """
    _check(rows, titles, row_titles)
    shapes = [image.shape for row in rows for image in row]
    height, width = max(s[0] for s in shapes), max(s[1] for s in shapes)
    scale = max(1, -(-MIN_CELL // min(height, width)))
    font = _fitting_font(titles, width * scale)
    band = max((font.getlength(title) for title in row_titles or ()), default=0)
    layout = _Layout(
        width=width * scale,
        height=height * scale,
        left=MARGIN + (round(band) + 2 * GAP if band else 0),
        top=MARGIN + round(1.6 * font.size),
        column_breaks=column_breaks,
        row_breaks=row_breaks,
    )
    right, bottom = layout.corner(len(titles), len(rows))
    size = (right - GAP + MARGIN, bottom - GAP + MARGIN)
    canvas = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(canvas)
    for column, title in enumerate(titles):
        left, top = layout.corner(column, 0)
        where = (left + layout.width / 2, top - GAP)
        draw.text(where, title, INK, font, anchor="md")
    for row, title in enumerate(row_titles or ()):
        left, top = layout.corner(0, row)
        where = (left - 2 * GAP, top + layout.height / 2)
        draw.text(where, title, INK, font, anchor="rm")
    for row, images in enumerate(rows):
        for column, image in enumerate(images):
            _paste(canvas, layout, layout.corner(column, row), image, scale)
    return canvas


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


def _fitting_font(titles: Sequence[str], width: int) -> ImageFont.FreeTypeFont:
    # The largest size that lets every title stand over its column.
    largest = min(28, max(14, width // 8))
    for size in range(largest, 8, -1):
        font = ImageFont.load_default(size=size)
        if max(font.getlength(title) for title in titles) <= width + GAP - 2:
            break
    return font


@dataclass(frozen=True)
class _Layout:
    """Pixels: a cell's sides, the place of the first cell, and where gaps are wide."""

    width: int
    height: int
    left: int
    top: int
    column_breaks: Collection[int]
    row_breaks: Collection[int]

    def corner(self, column: int, row: int) -> tuple[int, int]:
        return (
            self.left + _offset(column, self.width, self.column_breaks),
            self.top + _offset(row, self.height, self.row_breaks),
        )


def _offset(index: int, side: int, breaks: Collection[int]) -> int:
    passed = sum(0 < place <= index for place in breaks)
    return index * (side + GAP) + passed * (WIDE_GAP - GAP)


def _paste(
    canvas: Image.Image,
    layout: _Layout,
    corner: tuple[int, int],
    pixels: np.ndarray,
    scale: int,
) -> None:
    image = Image.fromarray(np.ascontiguousarray(pixels))
    if scale > 1:
        size = (image.width * scale, image.height * scale)
        # Bicubic rather than nearest: at ×2 to ×4 blocks hide the face they show.
        image = image.resize(size, Image.Resampling.BICUBIC)
    left = corner[0] + (layout.width - image.width) // 2
    top = corner[1] + (layout.height - image.height) // 2
    canvas.paste(image, (left, top))


def reduced(image: Image.Image) -> Image.Image:
    """The image, smaller by an integer where it has more than `MANY_PIXELS`."""
    pixels = image.width * image.height
    return image.reduce(math.ceil(math.sqrt(max(1, pixels / MANY_PIXELS))))


def with_caption(image: Image.Image, text: str) -> Image.Image:
    """The image with a line above it; unchanged if there is no text."""
    if not text:
        return image
    font = ImageFont.load_default(size=14)
    band = MARGIN + round(1.6 * font.size)
    canvas = Image.new("RGB", (image.width, image.height + band), PAPER)
    canvas.paste(image, (0, band))
    ImageDraw.Draw(canvas).text((MARGIN, band), text, INK, font, anchor="ld")
    return canvas


def contact_sheet(splits: dict[str, LabelledImages]) -> Image.Image:
    """A data set at a glance: a row for each label, training images first.

    Of more than `SHEET_ROWS` labels it takes some, evenly spread, and says so.

    Args:
        splits: split → its images; one of `"train"` and `"held_out"` may be missing.

    Returns:
        An RGB image, the same one at each call.
    """
    info = next(iter(splits.values())).info
    places = np.linspace(0, len(info.domains) - 1, min(SHEET_ROWS, len(info.domains)))
    labels = np.unique(places.round().astype(int)).tolist()
    cells = [(label, split) for label in labels for split in SHEET_COLUMNS]
    shown = {
        (label, split): _some(splits.get(split), label, SHEET_COLUMNS[split])
        for label, split in tqdm(cells, "Opening", delay=1.0, disable=None)
    }
    widths = {
        split: max(len(shown[label, split]) for label in labels)
        for split in SHEET_COLUMNS
    }
    blank = np.full((info.image_size, info.image_size, 3), PAPER, np.uint8)
    rows = []
    for label in labels:
        row = []
        for split, width in widths.items():
            images = shown[label, split]
            row += images + [blank] * (width - len(images))
        rows.append(row)
    titles = []
    for split, width in widths.items():
        titles += [SHEET_TITLES[split], *[""] * (width - 1)] if width else []
    names = [info.domains[label] for label in labels]
    sheet = draw_grid(rows, titles, names, column_breaks=(widths["train"],))
    some = len(labels) < len(info.domains)
    caption = f"{SHEET_ROWS} of {len(info.domains)} labels" if some else ""
    return with_caption(sheet, caption)


def _some(source: LabelledImages | None, label: int, count: int) -> list[np.ndarray]:
    """Readable images of a label, spread evenly over the split."""
    if source is None:
        return []
    members = np.flatnonzero(source.labels[:, label])
    count = min(count, len(members))
    # Middles of equal parts: ends of the split would stand in every binary label's row.
    middles = (np.arange(count) + 0.5) * len(members) / max(count, 1)
    images = []
    for row in members[middles.astype(int)].tolist():
        try:
            images.append(source.load(row))
        except UnreadableImage:
            continue
    return images
