"""Image files to translate: finding, fitting to a model, and writing results."""

import os
import struct
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePath
from typing import Any

import numpy as np
from PIL import Image
from tqdm import tqdm

from stargan_tf.data.attribute_file import listed_files
from stargan_tf.data.files import (
    EXTENSIONS,
    MEASURED,
    audit_folder,
    extension,
    is_picture,
    say_left_out,
    say_once,
)
from stargan_tf.data.formats import (
    TIFF,
    check_finite,
    read_values,
    slice_name,
    slices,
    volume_shape,
    without_masked,
    write_values,
)
from stargan_tf.data.info import DatasetInfo, Size, sides
from stargan_tf.data.intensity import MASK, valid_pixels
from stargan_tf.data.measured import resized
from stargan_tf.data.options import CROP, Box, used_box
from stargan_tf.data.pictures import read_picture, shown
from stargan_tf.data.source import LabeledImages, UnreadableImage
from stargan_tf.errors import InputError
from stargan_tf.faces.align import Aligner, NoFace, crop_face, put_back
from stargan_tf.files import (
    NotWritten,
    check_ending,
    new_file,
    refuse_overwriting,
    write_bytes,
)
from stargan_tf.progress import Progress

TABLES = (".csv", ".tsv")
KEEP = "keep"
MODEL = "model"
ORIGINAL = "original"
# Longer images would need gigabytes in the generator.
MAX_ASPECT = 8
FEATHER = 0.06  # Width of the soft edge, as a fraction of the square's side.
# Maximum pixels of originals kept in memory for pasting back: 192 MB as RGB.
HELD_PIXELS = 64_000_000

# Formats that suit photographs; images in GIF and other formats are written as PNG.
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
    """An image to translate: its path, and its path below the output folder."""

    path: Path
    name: Path


def find_inputs(
    inputs: Sequence[str],
    output: str | None = None,
    what: str = "input",
    measured: bool = False,
) -> list[InputPicture]:
    """Lists the images in files, folders, and tables, in a fixed order.

    Folders are searched recursively for names with the extension of an image; files
    named directly may have any extension. A table (`.csv`, `.tsv`) lists images in its
    rows. The images of a single folder keep their path below it; with several inputs,
    the path starts with the folder's name.

    Args:
        inputs: the paths.
        output: the output path, in which no inputs are searched; None for none.
        what: what messages call an input.
        measured: whether the model is one of measured images.

    Raises:
        InputError: if there is no input, or one does not exist or has no images.
    """
    if not inputs:
        raise InputError("No INPUT. Name at least one image or folder after the flags.")
    exclude = None
    if output and not names_a_file(output, measured):
        exclude = Path(output).resolve()
    pictures: dict[str, InputPicture] = {}
    for path in map(Path, inputs):
        if path.is_dir():
            root = Path(path.resolve().name) if len(inputs) > 1 else Path()
            listed = _search(path, root, exclude, what, measured)
        elif path.suffix.lower() in TABLES and path.is_file():
            listed = _listed(path)
        elif path.exists():
            listed = [InputPicture(path, Path(path.name))]
        else:
            raise InputError(f"There is no {what} '{path}'.")
        for picture in listed:
            pictures.setdefault(os.path.realpath(picture.path), picture)
    return list(pictures.values())


def _listed(table: Path) -> list[InputPicture]:
    """The images in the rows of a table, relative to its folder."""
    listed = []
    for file in listed_files(table):
        path = table.parent / file
        if not path.is_file():
            raise InputError(
                f"{table} names {file}, which is not a file in its folder."
            )
        # Outputs stay below the output folder, even for paths with "..".
        parts = [p for p in PurePath(file).parts if p not in ("..", path.anchor)]
        listed.append(InputPicture(path, Path(*parts)))
    if not listed:
        raise InputError(f"{table} names no image.")
    return listed


def _search(
    folder: Path, root: Path, exclude: Path | None, what: str, measured: bool
) -> list[InputPicture]:
    if exclude == folder.resolve():
        raise InputError(
            f"--output must be another folder than the {what} folder. Received: "
            f"{folder} for both."
        )
    audit = audit_folder(folder, arrays=measured, exclude=exclude)
    say_left_out(audit.root, audit.ignored)
    pictures = [InputPicture(folder / name, root / name) for name in audit.names]
    if not pictures:
        raise InputError(
            f"The {what} folder '{folder}' contains no image. Expected names that end "
            f"in {', '.join(sorted(EXTENSIONS))}, in subfolders, too."
        )
    return pictures


def names_a_file(output: str, measured: bool = False) -> bool:
    """Whether `output` is an image file, not a folder; InputError for other types."""
    path = Path(output)
    if measured and extension(path) in (*MEASURED, *TIFF):
        return not path.is_dir()
    if path.is_dir() or output.endswith(("/", os.sep)):
        return False
    if not path.is_file() and not is_picture(path):
        return False
    check_ending(path, "an image", WRITABLE)
    return True


@dataclass(frozen=True)
class Fitted:
    """An image fitted to the generator, which can be converted back.

    Args:
        image: uint8 (height, width, 3), sides multiples of 4.
        box: (left, top, right, bottom), its crop in the original.
        original: the original image, if the output is pasted back; else None.
        face: (3, 3), pixels of the original → pixels of the image, if the image is an
            aligned face; `box` is then the whole original.
    """

    image: np.ndarray
    box: Box
    original: Image.Image | None = None
    face: np.ndarray | None = None

    place = ""  # Identifies the image in a file of several.

    @property
    def held_pixels(self) -> int:
        """Pixels of the original kept in memory."""
        return self.original.width * self.original.height if self.original else 0

    def restore(self, output: np.ndarray) -> Image.Image:
        """Converts the generator's output, uint8 like `image`, to the image to write.

        With `original`, it is pasted into that; edges inside the original are blended.
        """
        gray = output.shape[-1] == 1
        translated = Image.fromarray(output[..., 0] if gray else output)
        if self.original is None:
            return translated
        if self.face is not None:
            # 0 at the outermost pixels, which may be large ones of the original.
            ramp = _ramp(translated.width - 2, at_start=True, at_end=True)
            mask = _soft_edge(np.pad(ramp, 1), np.pad(ramp, 1))
            return put_back(self.original, translated, mask, self.face)
        (left, top, right, bottom), (width, height) = self.box, self.original.size
        across = _ramp(right - left, left > 0, right < width)
        down = _ramp(bottom - top, top > 0, bottom < height)
        size = (right - left, bottom - top)
        result = self.original.copy()
        result.paste(
            translated.resize(size, Image.Resampling.BICUBIC),
            self.box,
            _soft_edge(across, down),
        )
        return result

    @property
    def facts(self) -> dict[str, Any]:
        """Its entries for the manifest."""
        return {}

    def write(self, output: np.ndarray, path: Path) -> Path:
        """Writes the generator's output as an image file; see `write_picture`."""
        return write_picture(self.restore(output), path)


def _soft_edge(across: np.ndarray, down: np.ndarray) -> Image.Image:
    return Image.fromarray(np.rint(255 * down[:, None] * across).astype(np.uint8))


def _ramp(length: int, at_start: bool, at_end: bool) -> np.ndarray:
    """1 inside, decreasing toward ends that lie inside the original."""
    distance = np.arange(length, dtype=np.float32) + 0.5
    reach = max(1.0, FEATHER * length)
    ramp = np.ones(length, np.float32)
    if at_start:
        ramp = np.minimum(ramp, distance / reach)
    if at_end:
        ramp = np.minimum(ramp, distance[::-1] / reach)
    return ramp


class MeasuredFile:
    """A measured file whose images are translated one by one, and written together.

    Args:
        path: the file.
        info: the description of the model's images.
    """

    def __init__(self, path: Path, info: DatasetInfo):
        self.stored, self._intensity = read_values(path), info.intensity
        self._path = path
        is_masked = self._intensity.invalid == MASK
        read = without_masked(self.stored, path) if is_masked else self.stored
        self._values = values = read.values
        channels = values.shape[-1]
        if channels != info.num_channels:
            raise UnreadableImage(
                f"The model takes {info.num_channels} channels. Received: {path} with "
                f"{channels}."
            )
        check_finite(values, self._intensity.gaps(values), path)
        self.clipped = self._intensity.outside(values)
        self.is_volume = len(values) > 1
        self._planes = self._intensity.planes if self.is_volume else ("z",)
        # The sum of the translations so far, how many there are of each value, and
        # how many slices are missing.
        self._results: dict[Path, tuple[np.ndarray, np.ndarray, int]] = {}

    def fitted(self, fitting: "Fitting") -> list["FittedValues"]:
        """Its images, fitted to the generator."""
        return [
            fitted for plane in self._planes for fitted in self._slices(plane, fitting)
        ]

    def _slices(self, plane: str, fitting: "Fitting") -> "Iterator[FittedValues]":
        values = slices(self._values, plane)
        height, width = values.shape[1:3]
        image_size, crop_size = fitting.image_size, fitting.crop_size
        box = used_box((width, height), fitting.fit, crop_size, image_size)
        size = fitting.fitted_size(box, self._path)[::-1]
        left, top, right, bottom = box
        for index, crop in enumerate(values[:, top:bottom, left:right]):
            image = resized(self._intensity.to_float(crop), size)
            yield FittedValues(image, box, self, plane, index)

    def put(
        self, plane: str, index: int, box: Box, output: np.ndarray, path: Path
    ) -> Path | None:
        """Adds a translation, and writes the file when all of them are there.

        Translations along several axes are averaged. Pixels outside all boxes, and
        pixels without data, stay unchanged.
        """
        whole = self.stored.values
        total, times, missing = self._results.pop(path, None) or (
            np.zeros(whole.shape),
            np.zeros(whole.shape, np.uint8),
            sum(len(slices(whole, axis)) for axis in self._planes),
        )
        left, top, right, bottom = box
        crop = resized(output, (bottom - top, right - left))
        place = (index, slice(top, bottom), slice(left, right))
        gaps = self._intensity.gaps(slices(self._values, plane)[place])
        drawn = True if gaps is None else ~gaps & valid_pixels(crop)
        restored = self._intensity.restore(crop, np.float64)
        slices(total, plane)[place] += np.where(drawn, restored, 0)
        slices(times, plane)[place] += drawn
        if missing > 1:
            self._results[path] = total, times, missing - 1
            return None
        mean = np.where(times > 0, total / np.maximum(times, 1), whole)
        return write_values(self.stored, mean, path)


@dataclass(frozen=True)
class FittedValues:
    """A measured image fitted to the generator; like `Fitted`.

    Args:
        image: float32 (height, width, channels) in [-1, 1], sides multiples of 4.
        box: as in `Fitted`.
        file: the file of the image.
        plane: the axis of the slice.
        index: the index of the slice.
    """

    image: np.ndarray
    box: Box
    file: MeasuredFile
    plane: str
    index: int

    @property
    def place(self) -> str:
        """The name of a slice: its index, preceded by the axis unless that is z."""
        return slice_name(self.plane, self.index) if self.file.is_volume else ""

    @property
    def held_pixels(self) -> int:
        """Pixels of the original kept in memory."""
        return self.file.stored.values[0, ..., 0].size

    @property
    def facts(self) -> dict[str, Any]:
        """The file's entries for the manifest."""
        return {"clipped": self.file.clipped}

    def write(self, output: np.ndarray, path: Path) -> Path | None:
        """Writes the generator's output; None until the file is complete."""
        return self.file.put(self.plane, self.index, self.box, output, path)


@dataclass(frozen=True)
class Fitting:
    """How images are fitted to the model.

    Args:
        info: the description of the model's images.
        fit: `"crop"`, the centered square (or rectangle); `"stretch"`, the whole image,
            stretched; or `"keep"`, the whole image at its aspect ratio, at least as
            large as `image_size`, for fully convolutional generators.
        size: `"model"`, the generator's output; or `"original"`, pasted back into the
            original image, as measured images always are.
        crop_size: shorter side of the centered crop, in pixels of the original, which
            overrides `fit`; None to use `fit`.
        aligner: finds the face to crop, in place of `fit` and `crop_size`; or None.

    Raises:
        InputError: for a `crop_size` with `"keep"`.
    """

    info: DatasetInfo
    fit: str = CROP
    size: str = MODEL
    crop_size: int | None = None
    aligner: Aligner | None = None

    def __post_init__(self) -> None:
        if self.crop_size and self.fit == KEEP:
            raise InputError(
                f"crop_size and fit='{KEEP}' exclude each other. Received: "
                f"crop_size={self.crop_size}. Drop one of them."
            )

    @property
    def image_size(self) -> Size:
        """The size of the model's images."""
        return self.info.image_size

    @property
    def is_measured(self) -> bool:
        """Whether the model takes measured images."""
        return self.info.intensity is not None

    def images_in(self, path: Path) -> int:
        """The number of images in a file: the slices of a volume, or 1."""
        shape = volume_shape(path) if self.is_measured else None
        return sum(shape[axis] for axis in self.info.intensity.planes) if shape else 1

    def read(self, path: Path) -> "list[Fitted] | list[FittedValues]":
        """Reads the image in a file, or all images of a measured one.

        Raises:
            UnreadableImage: if it cannot be read or fitted.
        """
        if self.is_measured:
            return MeasuredFile(path, self.info).fitted(self)
        picture, face = read_picture(path), None
        if self.aligner:
            (face,) = self.aligner.faces(picture, str(path))
        gray = self.info.num_channels == 1
        if gray:
            picture = picture.convert("L")
            picture.info.pop("icc_profile", None)
        if self.aligner:
            box = (0, 0, *picture.size)
            fitted = crop_face(picture, face, self.aligner.image_size)
        else:
            box = used_box(picture.size, self.fit, self.crop_size, self.image_size)
            size = self.fitted_size(box, path)
            # Cropped before resizing, as in training.
            fitted = picture.crop(box).resize(size, Image.Resampling.BILINEAR)
        original = picture if self.size == ORIGINAL else None
        pixels = np.asarray(fitted)
        return [Fitted(pixels[..., None] if gray else pixels, box, original, face)]

    def fitted_size(self, box: Box, path: Path) -> tuple[int, int]:
        """Width and height to resize a box to; UnreadableImage if it is too long."""
        model_height, model_width = sides(self.image_size)
        if self.fit != KEEP:
            return model_width, model_height
        width, height = box[2] - box[0], box[3] - box[1]
        if max(width, height) > MAX_ASPECT * min(width, height):
            raise UnreadableImage(
                f"The aspect ratio of whole images is limited to {MAX_ASPECT}:1. "
                f"Received: {path} with {width}x{height} pixels; use --fit crop"
            )
        scale = max(model_width / width, model_height / height)
        return 4 * round(width * scale / 4), 4 * round(height * scale / 4)


# A readable image: its index among the inputs, and the fitted image.
Item = tuple[int, Fitted | FittedValues]


class PictureStream:
    """Reads and fits images in order, shows progress, and counts unreadable ones.

    Args:
        pictures: the images to read.
        fitting: how they are fitted to the model.

    Attributes:
        unreadable: number of unreadable images so far.
        problem: why the first of them is unreadable.
        faceless: number of images without a face so far, if faces are aligned.
        unwritten: number of outputs that could not be written so far.
        done: indices of images to skip.
        on_failure: called with the index of an unreadable image, and the reason.
    """

    def __init__(self, pictures: Sequence[InputPicture], fitting: Fitting):
        self.pictures = pictures
        self.fitting = fitting
        self.unreadable = 0
        self.problem = ""
        self.faceless = 0
        self.unwritten = 0
        self.done: set[int] = set()
        self.on_failure: Callable[[int, str], None] = lambda place, problem: None

    def __iter__(self) -> Iterator[Item]:
        bar = Progress(self.pictures, "Translating", delay=1.0)
        for index, picture in enumerate(bar):
            if index in self.done:
                continue
            try:
                images = self.fitting.read(picture.path)
            except NoFace as error:
                if len(self.pictures) == 1:
                    raise
                self.faceless += 1
                tqdm.write(f"{error} It is left out.", file=sys.stderr)
                self.on_failure(index, str(error))
                continue
            except InputError as error:
                self.unreadable += 1
                self.problem = self.problem or str(error)
                self.on_failure(index, str(error))
                continue
            yield from ((index, fitted) for fitted in images)

    def report_unwritten(self, error: Exception) -> None:
        """Counts and prints an output that could not be written."""
        self.unwritten += 1
        tqdm.write(" ".join(str(error).split()), file=sys.stderr)


def in_batches(items: Iterable[Item], max_pixels: int) -> Iterator[list[Item]]:
    """Groups consecutive images of one shape, up to `max_pixels` per batch."""
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
    """Writes an image file atomically.

    Raises:
        InputError: for an unsupported extension.
        NotWritten: if the file cannot be written (no permission, full disk, too large
            for the format).
    """
    path = check_ending(path, "an image", WRITABLE)
    image_format = WRITABLE[path.suffix.lower()]
    # In memory first, since Pillow's encoders do not report partial writes, as on a
    # full disk.
    encoded = BytesIO()
    options = QUALITY.get(image_format, {})
    if profile := image.info.get("icc_profile"):  # Pillow keeps it in PNG files only.
        options = {**options, "icc_profile": profile}
    try:
        image.save(encoded, image_format, **options)
    # Pillow's errors for sizes that exceed the limits of the format.
    except (OSError, ValueError, struct.error) as error:
        raise NotWritten(path, "image", error) from error
    write_bytes(path, encoded.getvalue(), "image", durable=False)
    return path


def save_pictures(
    source: LabeledImages,
    folder: str | os.PathLike,
    count: int,
    overwrite: bool = False,
) -> list[Path]:
    """Writes the first images of a data set.

    Images are written as PNG, measured images as `.npy`, float32 in their units.

    Args:
        source: the images.
        folder: folder for the files.
        count: number of images.
        overwrite: whether to replace existing files.

    Returns:
        The files, without unreadable images.

    Raises:
        InputError: if none can be read.
    """
    if count < 1:
        raise InputError(f"count must be at least 1. Received: count={count}")
    planned: dict[Path, int] = {}
    intensity = source.info.intensity
    ending = ".npy" if intensity else ".png"
    for index in range(min(count, len(source))):
        path = Path(folder, source.names[index])
        # a.jpg beside a.png: the second one becomes a.png.png. Slices of a.nii.gz have
        # names such as a.nii.gz#0001, whose end is not a file extension.
        free = is_picture(path) and path.with_suffix(ending) not in planned
        plain, longer = path.with_suffix(ending), path.with_name(f"{path.name}{ending}")
        planned[plain if free else longer] = index
    if not overwrite:
        refuse_overwriting(*planned)
    written, problems = [], []
    for path, index in Progress(planned.items(), "Saving", delay=1.0):
        try:
            image = source.load(index)
        except UnreadableImage as error:
            problems.append(error)
            continue
        if intensity is None:
            write_picture(Image.fromarray(shown(image)), path)
        else:
            with new_file(path, "image") as temporary, open(temporary, "wb") as file:
                np.save(file, intensity.restore(image, np.float32))
        written.append(path)
    if problems and not written:
        raise problems[0]
    if problems:
        say_once(
            f"{len(problems)} of {len(planned)} images could not be read. The first: "
            f"{problems[0]}"
        )
    return written
