"""Grids of images: inputs beside translations, and contact sheets."""

import math
import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from stargan_tf.data.info import RGB, Size, sides
from stargan_tf.data.pictures import shown
from stargan_tf.data.source import LabeledImages, UnreadableImage
from stargan_tf.errors import InputError
from stargan_tf.progress import Progress
from stargan_tf.translation.pictures import write_picture

MIN_CELL = 112  # Smaller images are enlarged by an integer factor.
GAP = 6
WIDE_GAP = 22  # Between blocks of columns or rows.
MARGIN = 14
INK = (45, 45, 50)
PAPER = (255, 255, 255)
MANY_PIXELS = 16_000_000  # More is slow to write and to view.
ROWS_PER_PAGE = 10  # More would not fit on a screen.
PAGE_PIXELS = 64_000_000  # 192 MB; viewers warn of images above 90 million.
INPUT = "input"

SHEET_COLUMNS = {"train": 6, "held_out": 3}
SHEET_ROWS = 40  # Maximum: all of CelebA's labels, but not thousands of people.


@dataclass(frozen=True)
class Heading:
    """The heading of a grid's columns.

    Args:
        titles: one for each column.
        pictures: a first row of images, such as references: uint8 (height, width, 3),
            one for each column; empty for none.
        breaks: indices of columns that start a new block, with a wider gap before them.
    """

    titles: Sequence[str]
    pictures: Sequence[np.ndarray] = ()
    breaks: Sequence[int] = ()

    def after_input(self) -> "Heading":
        """The heading with a column for the inputs in front."""
        # The corner above the inputs and left of the references is white.
        corner = [np.full_like(picture, 255) for picture in self.pictures[:1]]
        return Heading(
            [INPUT, *self.titles],
            [*corner, *self.pictures],
            sorted({1, *(column + 1 for column in self.breaks)}),
        )

    def draw(self, rows: Sequence[Sequence[np.ndarray]]) -> Image.Image:
        """Draws a grid with this heading.

        Args:
            rows: rows of uint8 images (height, width, 3), as many as there are titles.
        """
        head = [list(self.pictures)] if self.pictures else []
        return draw_grid(
            [*head, *rows],
            self.titles,
            column_breaks=self.breaks,
            row_breaks=(1,) if head else (),
        )


def rows_per_page(columns: int, image_size: Size) -> int:
    """The number of rows on a page, which decreases with the size of a row."""
    pixels = math.prod(max(side, MIN_CELL) for side in sides(image_size))
    return max(1, min(ROWS_PER_PAGE, PAGE_PIXELS // (columns * pixels)))


def save_grid(
    rows: Sequence[Sequence[np.ndarray]],
    titles: Sequence[str],
    path: str | os.PathLike,
    row_titles: Sequence[str] | None = None,
) -> Path:
    """Draws a grid and writes it atomically.

    Args:
        rows: rows of uint8 images (height, width, 3).
        titles: the title of each column.
        path: the image file, usually `.png`.
        row_titles: the title of each row; None for none.

    Returns:
        `path` as a `Path`.

    Raises:
        InputError: if the numbers of images and titles do not match, or the file cannot
            be written.
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
        rows: rows of images (height, width, channels), uint8 or float in [-1, 1],
            converted by `shown`; sizes may differ, each is centered in its cell.
        titles: the title of each column.
        row_titles: the title of each row; None for none.
        column_breaks: indices of columns with a wider gap before them.
        row_breaks: indices of rows with a wider gap before them.
    """
    columns = max((len(row) for row in rows), default=0)
    named = row_titles is None or len(row_titles) == len(rows)
    if not columns or len(titles) != columns or not named:
        raise InputError(
            "A grid needs an image, a title for each column, and all or no row titles. "
            f"Received: {len(rows)} rows of {columns} images, {titles} and {row_titles}"
        )
    shapes = np.array([image.shape for row in rows for image in row])
    height, width = shapes[:, :2].max(axis=0).tolist()
    scale = max(1, -(-MIN_CELL // min(height, width)))
    height, width = height * scale, width * scale
    font = _fitting_font(titles, width)
    top = MARGIN + round(1.6 * font.size)
    band = max((font.getlength(title) for title in row_titles or ()), default=0)
    left = MARGIN + (round(band) + 2 * GAP if band else 0)

    def corner(column: int, row: int) -> tuple[int, int]:
        across = _offset(column, width, column_breaks)
        return left + across, top + _offset(row, height, row_breaks)

    right, bottom = corner(columns, len(rows))
    size = (right - GAP + MARGIN, bottom - GAP + MARGIN)
    canvas = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(canvas)
    for column, title in enumerate(titles):
        x, y = corner(column, 0)
        draw.text((x + width / 2, y - GAP), title, INK, font, anchor="md")
    for row, title in enumerate(row_titles or ()):
        x, y = corner(0, row)
        draw.text((x - 2 * GAP, y + height / 2), title, INK, font, anchor="rm")
    for row, images in enumerate(rows):
        for column, pixels in enumerate(images):
            image = Image.fromarray(np.ascontiguousarray(shown(pixels)))
            if scale > 1:
                # Bicubic, not nearest: large pixels would obscure the face.
                larger = (image.width * scale, image.height * scale)
                image = image.resize(larger, Image.Resampling.BICUBIC)
            x, y = corner(column, row)
            x, y = x + (width - image.width) // 2, y + (height - image.height) // 2
            canvas.paste(image, (x, y))
    return canvas


def _fitting_font(titles: Sequence[str], width: int) -> ImageFont.FreeTypeFont:
    # The largest size at which every title fits its column.
    largest = min(28, max(14, width // 8))
    for size in range(largest, 8, -1):
        font = ImageFont.load_default(size=size)
        if max(font.getlength(title) for title in titles) <= width + GAP - 2:
            break
    return font


def _offset(index: int, side: int, breaks: Collection[int]) -> int:
    passed = sum(0 < place <= index for place in breaks)
    return index * (side + GAP) + passed * (WIDE_GAP - GAP)


def reduced(image: Image.Image) -> Image.Image:
    """The image, reduced by an integer factor if it exceeds `MANY_PIXELS`."""
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


def contact_sheet(splits: dict[str, LabeledImages]) -> Image.Image:
    """A contact sheet of a data set: a row for each label, training images first.

    With more than `SHEET_ROWS` labels, it shows an evenly spread subset, with a
    caption.

    Args:
        splits: split → its images; one of `"train"` and `"held_out"` may be missing.
    """
    info = next(iter(splits.values())).info
    places = np.linspace(0, len(info.domains) - 1, min(SHEET_ROWS, len(info.domains)))
    labels = np.unique(places.round().astype(int)).tolist()
    widths = {
        split: min(limit, int(splits[split].labels[:, labels].sum(axis=0).max()))
        for split, limit in SHEET_COLUMNS.items()
        if split in splits
    }
    blank = np.full((*info.shape[:2], RGB), PAPER, np.uint8)
    rows = []
    for label in Progress(labels, "Contact sheet", "label", delay=1.0):
        row = []
        for split, width in widths.items():
            images = _some(splits[split], label, width)
            row += images + [blank] * (width - len(images))
        rows.append(row)
    titles = []
    for split, width in widths.items():
        titles += [split.replace("_", " "), *[""] * (width - 1)] if width else []
    names = [info.domains[label] for label in labels]
    sheet = draw_grid(rows, titles, names, column_breaks=(widths.get("train", 0),))
    some = len(labels) < len(info.domains)
    caption = f"{SHEET_ROWS} of {len(info.domains)} labels" if some else ""
    return with_caption(sheet, caption)


def _some(source: LabeledImages, label: int, count: int) -> list[np.ndarray]:
    """Readable images of a label, evenly spread over the split."""
    members = np.flatnonzero(source.labels[:, label])
    count = min(count, len(members))
    # Middles of equal intervals, since the first image has many binary labels.
    middles = (np.arange(count) + 0.5) * len(members) / max(count, 1)
    images = []
    for row in members[middles.astype(int)].tolist():
        try:
            images.append(source.load(row))
        except UnreadableImage:
            continue
    return images
