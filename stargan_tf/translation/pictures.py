"""Where translated pictures go; decided, and refused, before anything is written."""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from stargan_tf.data.files import EXTENSIONS, is_picture, list_pictures
from stargan_tf.data.options import CROP, STRETCH, Box, used_box
from stargan_tf.data.pictures import cropped, read_picture
from stargan_tf.data.source import LabelledImages, UnreadableImage
from stargan_tf.errors import InputError
from stargan_tf.files import check_writable
from stargan_tf.translation.grid import MIN_CELL
from stargan_tf.translation.picture_file import (
    WRITABLE,
    check_extension,
    write_picture,
)

# From a picture of any size to what the generator takes, and back.

KEEP = "keep"
MODEL = "model"
ORIGINAL = "original"
# A longer picture would need gigabytes inside the generator.
MAX_ASPECT = 8
FEATHER = 0.06  # width of the soft edge, as a share of the pasted square's side


@dataclass(frozen=True)
class Fitted:
    """A picture as the generator takes it, with the way back.

    Args:
        image: uint8 (height, width, 3), sides multiples of 4.
        box: (left, top, right, bottom), the part of the original that it shows.
        original: the whole picture, where it is to be pasted back; else None.
    """

    image: np.ndarray
    box: Box
    original: Image.Image | None = None

    @property
    def held_pixels(self) -> int:
        """Pixels of the original kept in memory."""
        return self.original.width * self.original.height if self.original else 0

    def restore(self, output: np.ndarray) -> Image.Image:
        """The generator's output as the picture to write.

        Args:
            output: uint8, of the shape of `image`.

        Returns:
            The output itself, or pasted into the original at its place. Where its
            edge lies inside the original, the two fade into each other.
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


@dataclass(frozen=True)
class Fitting:
    """How pictures are fitted to the model.

    Args:
        image_size: side of the squares that the model was trained on.
        fit: `"crop"` (the centred square, as in training) or `"keep"` (the whole
            picture with its aspect, shorter side `image_size`; v1's generator is
            fully convolutional) or `"stretch"` (the whole picture squeezed into the
            square).
        size: `"model"` (outputs as the generator gives them) or `"original"` (pasted
            back into the original picture).
        crop_size: side of the centred square to use, in original pixels, whatever
            `fit` says (see `data.fit`).

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
        """Reads a picture, upright and RGB, and fits it.

        Args:
            path: the file.

        Raises:
            UnreadableImage: if it cannot be decoded, or is too long and narrow.
        """
        picture = read_picture(path)
        box = used_box(picture.size, self.fit, self.crop_size)
        size = self._fitted_size(box, path)
        # Cropped before, as in `pictures.as_square`.
        fitted = cropped(picture, box).resize(size, Image.Resampling.BILINEAR)
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


# The pictures to translate: files and folders in, one list out.


@dataclass(frozen=True)
class InputPicture:
    """One picture to translate.

    Args:
        path: where it is.
        name: its relative path below the output folder.
    """

    path: Path
    name: Path


def find_inputs(
    inputs: Sequence[str], exclude: Path | None = None, what: str = "input"
) -> list[InputPicture]:
    """Lists the pictures that files and folders stand for, in a fixed order.

    Folders are searched recursively for names that end like a picture's; a file
    named directly may end in anything. A single folder's pictures keep their path
    below it; beside other inputs the path starts with the folder's own name.

    Args:
        inputs: files and folders.
        exclude: a folder not to look into: the output, when it lies inside an input.
        what: what error messages call them.

    Returns:
        The pictures, each file once.

    Raises:
        InputError: if there is no input, one does not exist, or a folder holds no
            picture.
    """
    if not inputs:
        raise InputError(
            "No INPUT to translate. Name at least one picture or folder after the "
            "flags."
        )
    found: dict[str, InputPicture] = {}
    for text in inputs:
        for picture in _expand(Path(text), len(inputs) > 1, exclude, what):
            found.setdefault(os.path.realpath(picture.path), picture)
    return list(found.values())


def _expand(
    path: Path, among_others: bool, exclude: Path | None, what: str
) -> list[InputPicture]:
    if path.is_dir():
        return _search(path, among_others, exclude, what)
    if not path.exists():
        raise InputError(f"There is no {what} '{path}'.")
    return [InputPicture(path, Path(path.name))]


def _search(
    folder: Path, among_others: bool, exclude: Path | None, what: str
) -> list[InputPicture]:
    root = Path(folder.resolve().name) if among_others else Path()
    pictures = [
        InputPicture(folder / name, root / name)
        for name in list_pictures(folder).names
        if not _inside(folder / name, folder, exclude)
    ]
    if not pictures:
        raise InputError(
            f"The {what} folder '{folder}' holds no picture. Looked for names ending "
            f"in {', '.join(sorted(EXTENSIONS))}, in sub-folders too."
        )
    return pictures


def _inside(path: Path, folder: Path, exclude: Path | None) -> bool:
    # An output folder that *is* the input folder is refused later, not searched past.
    if exclude is None or exclude.resolve() == folder.resolve():
        return False
    return path.resolve().is_relative_to(exclude.resolve())


# Pictures one after another, gathered into batches of bounded size.

FEW = 8  # up to so many pictures need no progress bar
# Pixels of originals kept at once for pasting back: 192 MB as RGB.
HELD_PIXELS = 64_000_000


@dataclass(frozen=True)
class Item:
    """A picture that could be read.

    Args:
        index: its place among the inputs.
        fitted: what the model takes of it.
    """

    index: int
    fitted: Fitted


class PictureStream:
    """Reads and fits pictures in order, shows progress, counts unreadable ones.

    Args:
        pictures: what to read.
        fitting: how pictures become what the model takes.

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
                yield Item(index, self.fitting.read(picture.path))
            except UnreadableImage as error:
                self.unreadable += 1
                self.problem = self.problem or str(error)

    def report_unwritten(self, error: Exception) -> None:
        """Counts and prints an output that could not be written.

        Args:
            error: why.
        """
        self.unwritten += 1
        _report(error)


def _report(error: Exception) -> None:
    tqdm.write(" ".join(str(error).split()), file=sys.stderr)


def in_batches(items: Iterable[Item], max_pixels: int) -> Iterator[list[Item]]:
    """Gathers neighbours of the same shape.

    Args:
        items: pictures, any number.
        max_pixels: bound on the pixels that the model sees at once; a batch holds at
            least one picture.

    Returns:
        Batches, in order.
    """
    batch: list[Item] = []
    for item in items:
        if batch and not _fits(batch, item, max_pixels):
            yield batch
            batch = []
        batch.append(item)
    if batch:
        yield batch


def _fits(batch: list[Item], item: Item, max_pixels: int) -> bool:
    shape = item.fitted.image.shape
    held = sum(other.fitted.held_pixels for other in [*batch, item])
    return (
        batch[0].fitted.image.shape == shape
        and (len(batch) + 1) * shape[0] * shape[1] <= max_pixels
        and held <= HELD_PIXELS
    )


def stack(batch: Sequence[Item]) -> np.ndarray:
    """The batch's images as one uint8 array (n, h, w, 3)."""
    return np.stack([item.fitted.image for item in batch])


# A data set's pictures as files, to look at or to translate.


def save_pictures(
    source: LabelledImages, folder: str | os.PathLike, count: int
) -> list[Path]:
    """Writes the first pictures of a data set as PNG files.

    Args:
        source: the data set.
        folder: where to; made if missing.
        count: how many, at least 1; all if there are fewer.

    Returns:
        The files, named as the data set names its images.

    Raises:
        InputError: if `count` is below 1, or a file cannot be read or written.
    """
    if count < 1:
        raise InputError(f"count must be at least 1. Received: count={count}")
    files: dict[Path, None] = {}
    for index in tqdm(range(min(count, len(source))), "Saving", disable=None):
        path = Path(folder, source.names[index])
        # a.jpg beside a.png: the second one becomes a.png.png.
        free = path.with_suffix(".png") not in files
        path = path.with_suffix(".png") if free else path.with_name(f"{path.name}.png")
        files[write_picture(Image.fromarray(source.load(index)), path)] = None
    return list(files)


ROWS_PER_PAGE = 10  # of a grid: more would not fit a screen
PAGE_PIXELS = 64_000_000  # 192 MB; programs warn of pictures of 90 million and more


def plan_outputs(pictures: Sequence[InputPicture], output: str) -> list[Path]:
    """One output path for each picture.

    Names and sub-folders are kept, and so is the extension where it is one of
    `WRITABLE`; other pictures become `.png`.

    Args:
        pictures: what is to be translated.
        output: for a single picture a file or a folder, else a folder. A path that
            does not exist yet is a file if it ends like a picture.

    Returns:
        Paths in the order of `pictures`.

    Raises:
        InputError: if an input would be overwritten, two pictures would share an
            output, or `output` cannot be written to.
    """
    if names_a_file(output):
        if len(pictures) > 1:
            raise InputError(
                f"--output must be a folder for {len(pictures)} pictures. "
                f"Received the file name '{output}'"
            )
        planned = [Path(output)]
    else:
        planned = [Path(output) / name for name in _output_names(pictures)]
    refuse_overwriting(pictures, planned)
    check_writable(Path(output))
    return planned


def rows_per_page(columns: int, image_size: int) -> int:
    """How many rows a grid's page has: fewer where many or large columns fill it.

    Args:
        columns: of the grid, the inputs' included.
        image_size: side of the pictures.
    """
    side = max(image_size, MIN_CELL)
    return max(1, min(ROWS_PER_PAGE, PAGE_PIXELS // (columns * side**2)))


def plan_pages(
    pictures: Sequence[InputPicture], output: str, rows: int = ROWS_PER_PAGE
) -> list[Path]:
    """Paths of the grid's pages: `grid.png`, or `grid_001.png` and so on.

    Args:
        pictures: what is to be translated, one row each.
        output: the grid's file name, or a folder.
        rows: of a page, see `rows_per_page`.

    Returns:
        A path for each page.

    Raises:
        InputError: as `plan_outputs`.
    """
    path = Path(output) if names_a_file(output) else Path(output) / "grid.png"
    count = -(-len(pictures) // rows)
    numbered = [
        path.with_stem(f"{path.stem}_{page:03d}") for page in range(1, count + 1)
    ]
    planned = [path] if count == 1 else numbered
    refuse_overwriting(pictures, planned)
    check_writable(Path(output))
    return planned


def names_a_file(output: str) -> bool:
    """Whether `output` means a picture file, of a kind we write, not a folder."""
    path = Path(output)
    if path.is_dir() or output.endswith(("/", os.sep)):
        return False
    if not path.is_file() and not is_picture(path):
        return False
    check_extension(path)
    return True


def _output_names(pictures: Sequence[InputPicture]) -> list[Path]:
    kept = {picture.name for picture in pictures}
    names = [_output_name(picture.name, kept) for picture in pictures]
    owners: dict[Path, InputPicture] = {}
    for picture, name in zip(pictures, names, strict=True):
        owner = owners.setdefault(name, picture)
        if owner is not picture:
            raise InputError(
                f"'{owner.path}' and '{picture.path}' would both become '{name}'. "
                "Translate them in two commands, to two outputs."
            )
    return names


def _output_name(name: Path, kept: set[Path]) -> Path:
    if name.suffix.lower() in WRITABLE:
        return name
    converted = name.with_suffix(".png")
    # a.gif beside a.png: the second keeps its name, the first becomes a.gif.png.
    return name.with_name(f"{name.name}.png") if converted in kept else converted


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
