"""Image files: which to read, how they fit a model, and how results are written."""

import os
import struct
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from stargan_tf.data.files import EXTENSIONS, is_picture, list_pictures
from stargan_tf.data.options import CROP, STRETCH, Box, used_box
from stargan_tf.data.pictures import read_picture
from stargan_tf.data.source import LabeledImages, UnreadableImage
from stargan_tf.errors import InputError
from stargan_tf.files import NotWritten, refuse_overwriting, write_bytes

KEEP = "keep"
MODEL = "model"
ORIGINAL = "original"
# A longer image would need gigabytes inside the generator.
MAX_ASPECT = 8
FEATHER = 0.06  # width of the soft edge, as a share of the pasted square's side

FEW = 8  # up to this many images need no progress bar
# Pixels of originals kept at once for pasting back: 192 MB as RGB.
HELD_PIXELS = 64_000_000

# What Pillow writes well for photographs; GIF and the rest of what it reads would
# lose colors or surprise, so those come out as PNG.
WRITABLE = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".webp": "WEBP",
    ".bmp": "BMP",
}
QUALITY = {"JPEG": {"quality": 95, "subsampling": 0}, "WEBP": {"quality": 95}}


@dataclass(frozen=True)
class InputPicture:
    """An image to translate: where it is, and its path below the output folder."""

    path: Path
    name: Path


def find_inputs(
    inputs: Sequence[str], output: str | None = None, what: str = "input"
) -> list[InputPicture]:
    """Lists the images that files and folders stand for, in a fixed order.

    Folders are searched recursively for names with an image's extension; a file that
    is named directly may have any. A single folder's images keep their path below
    it; beside other inputs the path starts with the folder's own name.
    """
    if not inputs:
        raise InputError(
            "No INPUT to translate. Name at least one picture or folder after the "
            "flags."
        )
    exclude = None
    if output and not names_a_file(output):
        exclude = Path(output).resolve()
    pictures: dict[str, InputPicture] = {}
    for path in map(Path, inputs):
        if path.is_dir():
            root = Path(path.resolve().name) if len(inputs) > 1 else Path()
            found = _search(path, root, exclude, what)
        elif path.exists():
            found = [InputPicture(path, Path(path.name))]
        else:
            raise InputError(f"There is no {what} '{path}'.")
        for picture in found:
            pictures.setdefault(os.path.realpath(picture.path), picture)
    return list(pictures.values())


def _search(
    folder: Path, root: Path, exclude: Path | None, what: str
) -> list[InputPicture]:
    pictures = [
        InputPicture(folder / name, root / name) for name in list_pictures(folder).names
    ]
    # An output folder that *is* the input folder is refused later, not searched past.
    if exclude and exclude != folder.resolve():
        pictures = [
            picture
            for picture in pictures
            if not picture.path.resolve().is_relative_to(exclude)
        ]
    if not pictures:
        raise InputError(
            f"The {what} folder '{folder}' holds no picture. Looked for names ending "
            f"in {', '.join(sorted(EXTENSIONS))}, in sub-folders too."
        )
    return pictures


def names_a_file(output: str) -> bool:
    """Whether `output` means an image file, of a kind we write, not a folder."""
    path = Path(output)
    if path.is_dir() or output.endswith(("/", os.sep)):
        return False
    if not path.is_file() and not is_picture(path):
        return False
    check_extension(path)
    return True


@dataclass(frozen=True)
class Fitted:
    """An image as the generator takes it, with the way back.

    Args:
        image: uint8 (height, width, 3), sides multiples of 4.
        box: (left, top, right, bottom), the part of the original that it shows.
        original: the whole image, where it is to be pasted back; else None.
    """

    image: np.ndarray
    box: Box
    original: Image.Image | None = None

    @property
    def held_pixels(self) -> int:
        """Pixels of the original kept in memory."""
        return self.original.width * self.original.height if self.original else 0

    def restore(self, output: np.ndarray) -> Image.Image:
        """The generator's output, uint8 like `image`, as the image to write.

        It may be pasted into the original at its place. Where its edge lies inside
        the original, the two fade into each other.
        """
        translated = Image.fromarray(output)
        if self.original is None:
            return translated
        left, top, right, bottom = self.box
        size = (right - left, bottom - top)
        result = self.original.copy()
        result.paste(
            translated.resize(size, Image.Resampling.BICUBIC),
            self.box,
            _soft_edge(self.box, self.original.size),
        )
        return result


def _soft_edge(box: Box, size: tuple[int, int]) -> Image.Image:
    left, top, right, bottom = box
    across = _ramp(right - left, left > 0, right < size[0])
    down = _ramp(bottom - top, top > 0, bottom < size[1])
    return Image.fromarray(np.rint(255 * down[:, None] * across).astype(np.uint8))


def _ramp(length: int, at_start: bool, at_end: bool) -> np.ndarray:
    """1 inside, falling towards the ends that lie inside the original."""
    distance = np.arange(length, dtype=np.float32) + 0.5
    reach = max(1.0, FEATHER * length)
    ramp = np.ones(length, np.float32)
    if at_start:
        ramp = np.minimum(ramp, distance / reach)
    if at_end:
        ramp = np.minimum(ramp, distance[::-1] / reach)
    return ramp


@dataclass(frozen=True)
class Fitting:
    """How images are fitted to the model.

    Args:
        image_size: side of the squares that the model was trained on.
        fit: `"crop"` (the centered square), `"stretch"` (the whole image squeezed
            into the square) or `"keep"` (the whole image with its aspect, the
            shorter side `image_size`: for generators that are fully convolutional).
        size: `"model"` (outputs as the generator gives them) or `"original"` (pasted
            back into the original image).
        crop_size: side of the centered square to use, in original pixels, whatever
            `fit` says.

    Raises:
        InputError: for a `crop_size` with `"keep"`.
    """

    image_size: int
    fit: str = CROP
    size: str = MODEL
    crop_size: int | None = None

    def __post_init__(self) -> None:
        if self.crop_size and self.fit == KEEP:
            raise InputError(
                f"crop_size takes a square and fit='{KEEP}' the whole picture. "
                f"Received: crop_size={self.crop_size}. Drop one."
            )

    def read(self, path: Path) -> Fitted:
        """Reads an image, upright and RGB; UnreadableImage if it cannot be fitted."""
        picture = read_picture(path)
        box = used_box(picture.size, self.fit, self.crop_size)
        size = self._fitted_size(box, path)
        # Cropped before it is resized, as in training.
        fitted = picture.crop(box).resize(size, Image.Resampling.BILINEAR)
        original = picture if self.size == ORIGINAL else None
        return Fitted(np.asarray(fitted), box, original)

    def _fitted_size(self, box: Box, path: Path) -> tuple[int, int]:
        if self.fit == STRETCH:
            return self.image_size, self.image_size
        width, height = box[2] - box[0], box[3] - box[1]
        shorter = min(width, height)
        if max(width, height) > MAX_ASPECT * shorter:
            raise UnreadableImage(
                f"{path}: {width}x{height} pixels is too long and narrow to be "
                f"translated whole (at most {MAX_ASPECT}:1); use --fit crop"
            )
        return tuple(
            4 * round(side * self.image_size / shorter / 4) for side in (width, height)
        )


# An image that could be read: its place among the inputs, and what the model takes.
Item = tuple[int, Fitted]


class PictureStream:
    """Reads and fits images in order, shows progress, counts unreadable ones.

    Args:
        pictures: what to read.
        fitting: how images become what the model takes.

    Attributes:
        unreadable: how many could not be read so far.
        problem: why the first of them could not.
        unwritten: how many outputs could not be written so far.
    """

    def __init__(self, pictures: Sequence[InputPicture], fitting: Fitting):
        self.pictures = pictures
        self.fitting = fitting
        self.unreadable = 0
        self.problem = ""
        self.unwritten = 0

    def __iter__(self) -> Iterator[Item]:
        # disable=None: no bar where the output is not a terminal.
        disable = True if len(self.pictures) <= FEW else None
        bar = tqdm(self.pictures, "translate", unit="picture", disable=disable)
        for index, picture in enumerate(bar):
            try:
                yield index, self.fitting.read(picture.path)
            except UnreadableImage as error:
                self.unreadable += 1
                self.problem = self.problem or str(error)

    def report_unwritten(self, error: Exception) -> None:
        """Counts and prints an output that could not be written."""
        self.unwritten += 1
        tqdm.write(" ".join(str(error).split()), file=sys.stderr)


def in_batches(items: Iterable[Item], max_pixels: int) -> Iterator[list[Item]]:
    """Gathers neighbors of the same shape, at most `max_pixels` but one image."""
    batch: list[Item] = []
    for item in items:
        if batch and not _fits(batch, item, max_pixels):
            yield batch
            batch = []
        batch.append(item)
    if batch:
        yield batch


def _fits(batch: list[Item], item: Item, max_pixels: int) -> bool:
    images = [fitted.image for _, fitted in [*batch, item]]
    height, width, _ = images[0].shape
    held = sum(fitted.held_pixels for _, fitted in [*batch, item])
    return (
        images[0].shape == images[-1].shape
        and len(images) * height * width <= max_pixels
        and held <= HELD_PIXELS
    )


def write_picture(image: Image.Image, path: str | os.PathLike) -> Path:
    """Writes an image file, in full or not at all.

    Raises:
        InputError: for another extension.
        NotWritten: if the file cannot be written (no permission, full disk, too
            large for the format); nothing is left behind then.
    """
    path = Path(path)
    check_extension(path)
    image_format = WRITABLE[path.suffix.lower()]
    # In memory first: Pillow's encoders do not notice a file that takes only a part
    # of what they write to it, as on a full disk.
    encoded = BytesIO()
    try:
        image.save(encoded, image_format, **QUALITY.get(image_format, {}))
    # What Pillow answers sizes with that the format does not have.
    except (OSError, ValueError, struct.error) as error:
        raise NotWritten(path, "image", error) from error
    write_bytes(path, encoded.getvalue(), "image", durable=False)
    return path


def check_extension(path: Path) -> None:
    """Raises InputError unless the name ends in one of `WRITABLE`."""
    if path.suffix.lower() not in WRITABLE:
        raise InputError(
            f"A picture's name must end in one of {', '.join(WRITABLE)}. "
            f"Received: {path.name}"
        )


def save_pictures(
    source: LabeledImages,
    folder: str | os.PathLike,
    count: int,
    overwrite: bool = False,
) -> list[Path]:
    """Writes the first images of a data set as PNG files."""
    if count < 1:
        raise InputError(f"count must be at least 1. Received: count={count}")
    planned: dict[Path, int] = {}
    for index in range(min(count, len(source))):
        path = Path(folder, source.names[index])
        # a.jpg beside a.png: the second one becomes a.png.png.
        free = path.with_suffix(".png") not in planned
        path = path.with_suffix(".png") if free else path.with_name(f"{path.name}.png")
        planned[path] = index
    if not overwrite:
        refuse_overwriting(*planned)
    for path, index in tqdm(planned.items(), "Saving", disable=None):
        write_picture(Image.fromarray(source.load(index)), path)
    return list(planned)
