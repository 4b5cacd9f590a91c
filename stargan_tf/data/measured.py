"""Data sets of measured images: any channels, depth, and format, in the data's units.

`load` returns float32 in [-1, 1]; the `Intensity` in the data set's info is the mapping
from the data's units, which models keep.
"""

import functools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from stargan_tf.data.files import MEASURED, extension, say_once
from stargan_tf.data.formats import (
    Stored,
    check_finite,
    mask_beside,
    read_values,
    slice_name,
    slices,
    volume_shape,
    without_masked,
)
from stargan_tf.data.info import RGB, Size, sides
from stargan_tf.data.intensity import (
    FULL,
    GAP,
    MASK,
    Intensity,
    intensity_of,
    invalid_values,
    valid_pixels,
)
from stargan_tf.data.options import DatasetOptions, used_box
from stargan_tf.data.pictures import LOOKED_AT
from stargan_tf.data.source import UnreadableImage
from stargan_tf.errors import InputError, shortened

_CLIPPED = 0.001  # The fraction of values above which a warning is printed.

# Index of a file, axis, and index of the image along the axis.
Place = tuple[int, str, int]


def is_measured(names: Sequence[str], options: DatasetOptions) -> bool:
    """Whether files are read without loss, not as images of 8 bits.

    Args:
        names: of the training files.
        options: the user's options.
    """
    return (
        options.intensity is not None
        or options.invalid_value is not None
        or options.num_channels not in (None, 1, RGB)
        or (len(names) > 0 and all(extension(name) in MEASURED for name in names))
    )


class MeasuredFiles:
    """Measured images in files with the same channels and type.

    Args:
        root: folder of the files.
        names: paths relative to it.
        training: the files whose values determine the intensity.
        options: the user's options.

    Attributes:
        places: the file of each image, and its index there.
        num_channels: of all files.
        intensity: of all files.

    Raises:
        InputError: if the first file cannot be read, or does not fit the options.
    """

    def __init__(
        self,
        root: Path,
        names: Sequence[str],
        training: Sequence[str],
        options: DatasetOptions,
    ):
        self._root, self._names, self._first = root, names, training[0]
        self._invalid = options.invalid_value
        first = _read(root, self._first, self._invalid)
        self._kind = self.num_channels, self._dtype = _kind(first)
        if options.num_channels not in (None, self.num_channels):
            raise InputError(
                f"{root / self._first} has {self.num_channels} channels. Received: "
                f"--num_channels {options.num_channels}. Drop the flag."
            )
        text = options.intensity or FULL
        self.intensity = _intensity(
            text,
            root,
            tuple(training),
            self._kind,
            first.limits,
            options.invalid_value,
            options.plane,
        )
        self.intensity.check_channels(self.num_channels)
        planes = self.intensity.planes if len(first.values) > 1 else "z"
        side = min(min(slices(first.values, plane).shape[1:3]) for plane in planes)
        self._side = min(side, options.crop_size or side)
        shapes = [volume_shape(root / name) for name in names]
        self._is_volume = [shape is not None for shape in shapes]
        self.places: list[Place] = [
            (number, plane, index)
            for number, shape in enumerate(shapes)
            for plane in (self.intensity.planes if shape else "z")
            for index in range(shape[plane] if shape else 1)
        ]

    def name(self, place: Place) -> str:
        """The file's name; for a slice of a volume, with axis and index."""
        number, plane, index = place
        name = self._names[number]
        if not self._is_volume[number]:
            return name
        return f"{name}#{slice_name(plane, index)}"

    def native_side(self) -> int:
        """Shorter side of the part of the first image that is used."""
        return self._side

    def load(self, place: Place, size: Size, fit: str, crop_size: int | None):
        """One image, float32 (height, width, channels) in [-1, 1].

        Raises:
            UnreadableImage: if the file cannot be read, has other channels or another
                type than the first one, or values that are not finite.
        """
        number, plane, index = place
        stored = _read(self._root, self._names[number], self._invalid)
        received = _kind(stored)
        if received != self._kind:
            raise UnreadableImage(
                "The images of a data set have the same channels and type. "
                f"{self._root / self._first} has {self.num_channels} of "
                f"{self._dtype}; {self._root / self._names[number]} has "
                f"{received[0]} of {received[1]}. Convert one of them."
            )
        values = slices(stored.values, plane)[index]
        gaps = self.intensity.gaps(values)
        check_finite(values, gaps, self._root / self._names[number])
        values = self.intensity.to_float(values)
        return fit_values(values, size, fit, crop_size)


def fit_values(
    values: np.ndarray,
    image_size: Size,
    fit: str,
    crop_size: int | None,
) -> np.ndarray:
    """Crops and resizes an image.

    Args:
        values: float32 (height, width, channels) in [-1, 1].
        image_size: of the result.
        fit: see `Preparation`.
        crop_size: see `Preparation`.
    """
    height, width = values.shape[:2]
    left, top, right, bottom = used_box((width, height), fit, crop_size, image_size)
    return resized(values[top:bottom, left:right], sides(image_size))


def resized(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resizes a float32 image (height, width, channels) in [-1, 1].

    An image of that size is returned unchanged. Pixels without data do not affect
    others.
    """
    if values.shape[:2] == size:
        return values
    valid = valid_pixels(values)
    if valid.all():
        return np.clip(_scaled(values, size), -1.0, 1.0)
    share = _scaled(valid, size)
    sums = _scaled(np.where(valid, values, 0.0), size)
    means = np.clip(sums / np.maximum(share, 1e-6), -1.0, 1.0)
    return np.where(share < 0.5, np.float32(GAP), means)


def _scaled(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    planes = [
        Image.fromarray(np.ascontiguousarray(plane)).resize(
            size[::-1], Image.Resampling.BILINEAR
        )
        for plane in np.moveaxis(values.astype(np.float32), -1, 0)
    ]
    return np.stack([np.asarray(plane) for plane in planes], axis=-1)


def _kind(stored: Stored) -> tuple[int, np.dtype]:
    """The number of channels, and the type."""
    return stored.values.shape[-1], stored.dtype


def _read(root: Path, name: str, invalid: str | None) -> Stored:
    path = root / name
    mask = mask_beside(path) if invalid == MASK else None
    try:
        times = [file.stat().st_mtime_ns for file in (path, mask) if file]
    except OSError as error:
        reason = f"Cannot read the image {path}: {error.strerror}."
        raise UnreadableImage(reason) from error
    return _opened(path, mask is not None, *times)


@functools.lru_cache(maxsize=4)
def _opened(path: Path, is_masked: bool, *times: int) -> Stored:
    """Cached, since the images of a volume are loaded one after another."""
    stored = read_values(path)
    return without_masked(stored, path) if is_masked else stored


@functools.lru_cache(maxsize=8)
def _intensity(
    text: str,
    root: Path,
    names: tuple[str, ...],
    kind: tuple[int, np.dtype],
    limits: tuple[float, float] | None,
    invalid: str | None,
    plane: str,
) -> Intensity:
    """The intensity of a data set; cached, since percentiles read all files."""

    def images(chosen):
        for name in chosen:
            try:
                stored = _read(root, name, invalid)
                gaps = invalid_values(stored.values, invalid)
                check_finite(stored.values, gaps, root / name)
            except UnreadableImage:
                continue
            if _kind(stored) == kind:  # Others are refused when they are loaded.
                yield from stored.values

    intensity = intensity_of(text, images(names), limits, invalid, plane)
    step = max(1, len(names) // LOOKED_AT)
    chosen = images(names[::step])
    counts = [(intensity.outside(image), image.size) for image in chosen]
    outside, total = (sum(count[i] for count in counts) for i in (0, 1))
    if outside > _CLIPPED * total:
        say_once(
            f"--intensity {shortened(text)} clips {100 * outside / total:.1f} % of the "
            f"values of {len(counts)} images in {root}."
        )
    return intensity
