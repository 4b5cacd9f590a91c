"""The mapping of stored values to a model's range [-1, 1], and its inverse.

Ordinary images have 8 bits. Measured images, such as scans, micrographs, and satellite
scenes, have values in physical units: their data set has an `Intensity`, which every
model trained on it contains. The model's output is converted back to the same units.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stargan_tf.errors import InputError, check_choice

# NumPy is imported where it is used: it would slow down the command line's help.
if TYPE_CHECKING:
    import numpy as np

FULL, WINDOW, PERCENTILE = "full", "window", "percentile"
MASK = "mask"
INTENSITY_HELP = (
    "How to map stored values to the model's range: full (the full range of the file's "
    "type), window:LOW,HIGH (in the data's units; one pair for all channels, or one "
    "each), or percentile:P,Q (of the training images, for each channel)."
)
INVALID_HELP = (
    "For measured images: the value of pixels without data, in the data's units, such "
    "as -9999 or nan; or mask: the pixels that are not 0 in NAME.mask.png beside an "
    "image NAME.tif. They are kept unchanged, and excluded from all losses."
)
PLANES = ("x", "y", "z")
AVERAGED = "average"
PLANE_HELP = (
    "For volumes (NIfTI): the axis along which to slice, x, y, or z; average: all "
    "three, and translations are averaged."
)
# The value of pixels without data in images in [-1, 1].
GAP = -2.0
# Smaller values are gaps; resizing mixes gaps with data.
LARGEST_GAP = -1.05
# Maximum number of values per channel of an image, for percentiles.
_MAX_VALUES = 1 << 14


@dataclass(frozen=True)
class Intensity:
    """The values that are mapped to -1 and 1; values outside are clipped.

    Args:
        low: the value that is mapped to -1, for all channels or for each.
        high: the value that is mapped to 1, for all channels or for each.
        invalid: the value of pixels without data, in the data's units, as text, such
            as `"-9999"` or `"nan"`, which become `GAP`; `"mask"` if a file beside the
            image marks them, and their value is NaN; None for none.
        plane: for volumes: the axis along which to slice, `"x"`, `"y"`, or `"z"`; or
            `"average"`, slices along all three.

    Raises:
        InputError: unless each low is below its high, `invalid` is a number, and
            `plane` one of these.
    """

    low: tuple[float, ...]
    high: tuple[float, ...]
    invalid: str | None = None
    plane: str = "z"

    def __post_init__(self) -> None:
        for name in ("low", "high"):
            object.__setattr__(self, name, tuple(map(float, getattr(self, name))))
        pairs = list(zip(self.low, self.high, strict=False))
        finite = all(math.isfinite(value) for pair in pairs for value in pair)
        if not pairs or len(self.low) != len(self.high) or not finite:
            raise InputError(
                "An intensity window must have a finite low and high value, or one "
                f"pair per channel. Received: {self.low}, {self.high}"
            )
        for low, high in pairs:
            if not low < high:
                raise InputError(
                    "The low value of an intensity window must be below the high one. "
                    f"Received: {low:g} to {high:g}"
                )
        if self.invalid is not None:
            check_invalid(self.invalid)
        check_plane(self.plane)

    @property
    def planes(self) -> tuple[str, ...]:
        """The axes along which volumes are sliced."""
        return PLANES if self.plane == AVERAGED else (self.plane,)

    @property
    def has_gaps(self) -> bool:
        """Whether images may have pixels without data."""
        return self.invalid is not None

    @property
    def invalid_number(self) -> float:
        """The value of pixels without data."""
        return _number_of(self.invalid)

    def check_channels(self, count: int) -> None:
        """Raises `InputError` unless there is one window, or one per channel."""
        if len(self.low) not in (1, count):
            raise InputError(
                f"--intensity must have one window, or one for each of {count} "
                f"channels. Received: {len(self.low)}"
            )

    def to_float(self, values: "np.ndarray") -> "np.ndarray":
        """Stored values (…, channels) as float32 in [-1, 1]."""
        import numpy as np

        low, high = np.asarray(self.low), np.asarray(self.high)
        scaled = (values.astype(np.float64) - low) * (2.0 / (high - low)) - 1.0
        scaled = np.clip(scaled, -1.0, 1.0).astype(np.float32)
        gaps = self.gaps(values)
        return scaled if gaps is None else np.where(gaps, np.float32(GAP), scaled)

    def gaps(self, values: "np.ndarray") -> "np.ndarray | None":
        """Which stored values are missing data; None if there can be none."""
        return invalid_values(values, self.invalid)

    def outside(self, values: "np.ndarray") -> int:
        """The number of values that are clipped."""
        clipped = (values < self.low) | (values > self.high)
        gaps = self.gaps(values)
        return int(clipped.sum() if gaps is None else (clipped & ~gaps).sum())

    def restore(self, images: "np.ndarray", dtype: "np.dtype") -> "np.ndarray":
        """The inverse of `to_float`: float images in [-1, 1] as values of a type.

        For integer types, values are rounded and clipped to the range of the type.
        """
        import numpy as np

        low, high = np.asarray(self.low), np.asarray(self.high)
        values = (images.astype(np.float64) + 1.0) * ((high - low) / 2.0) + low
        if self.has_gaps:
            values = np.where(images < LARGEST_GAP, self.invalid_number, values)
        dtype = np.dtype(dtype)
        if dtype.kind in "iu":
            limits = np.iinfo(dtype)
            values = np.where(np.isnan(values), low, values)  # Integers have no NaN.
            values = np.clip(np.rint(values), limits.min, limits.max)
        return values.astype(dtype)

    def written(self) -> str:
        """The text for `--intensity`."""
        numbers = (n for pair in zip(self.low, self.high, strict=True) for n in pair)
        return f"{WINDOW}:{','.join(repr(number) for number in numbers)}"


def check_plane(plane: str) -> None:
    """Raises `InputError` for an invalid `--plane`."""
    check_choice("plane", plane, (*PLANES, AVERAGED))


def check_invalid(text: str) -> None:
    """Raises `InputError` for an invalid `--invalid_value`."""
    try:
        _number_of(text)
    except (TypeError, ValueError):
        raise InputError(
            f"--invalid_value must be a number, nan, or {MASK}. Received: {text}"
        ) from None


def _number_of(invalid: str) -> float:
    return math.nan if invalid == MASK else float(invalid)


def invalid_values(values: "np.ndarray", invalid: str | None) -> "np.ndarray | None":
    """Which stored values are missing data; None if there can be none."""
    import numpy as np

    if invalid is None:
        return None
    number = _number_of(invalid)
    if math.isnan(number):
        return np.isnan(values)
    # Rounded to the type: 3.4e38, for example, is a different number in float32.
    dtype = values.dtype
    return values == (dtype.type(number) if dtype.kind == "f" else number)


def valid_pixels(images: "np.ndarray") -> "np.ndarray":
    """Which values of float images in [-1, 1] are data, not gaps."""
    return images >= LARGEST_GAP


def check_intensity(text: str) -> None:
    """Raises `InputError` for an invalid `--intensity`, before a file is opened."""
    mode, numbers = _parsed(text)
    if mode == WINDOW:
        Intensity(tuple(numbers[::2]), tuple(numbers[1::2]))
    if mode == PERCENTILE and not 0 <= numbers[0] < numbers[1] <= 100:
        raise InputError(f"percentile:P,Q needs 0 <= P < Q <= 100. Received: {text}")


def intensity_of(
    text: str,
    images: "Iterable[np.ndarray]",
    limits: tuple[float, float] | None,
    invalid: str | None = None,
    plane: str = "z",
) -> Intensity:
    """The `Intensity` for a value of `--intensity`.

    Args:
        text: as described by `INTENSITY_HELP`.
        images: stored values (height, width, channels) of the training images; only
            read for percentiles.
        limits: the full range of the files' type; None for floats.
        invalid: see `Intensity`.
        plane: see `Intensity`.

    Raises:
        InputError: if the text is invalid, or does not match the type or the values.
    """
    import numpy as np

    check_intensity(text)
    mode, numbers = _parsed(text)
    if mode == WINDOW:
        return Intensity(tuple(numbers[::2]), tuple(numbers[1::2]), invalid, plane)
    if mode == PERCENTILE:
        sample = _sample(images)
        gaps = invalid_values(sample, invalid)
        if gaps is not None:
            sample = np.where(gaps, np.nan, sample)
            empty = np.flatnonzero(gaps.all(axis=0))
            if len(empty):
                raise InputError(
                    f"Channel {empty[0]} has no data: all of its values are {invalid}."
                )
        low, high = np.nanpercentile(sample, numbers, axis=0)
        flat = np.flatnonzero(low >= high)
        if len(flat):
            raise InputError(
                f"{text} needs two different values. Received: {low[flat[0]]:g} twice "
                f"in channel {flat[0]}, which is nearly constant. Pass window:LOW,HIGH."
            )
        return Intensity(tuple(low), tuple(high), invalid, plane)
    if limits is None:
        raise InputError(
            "The images have floating-point values, which have no natural range. Pass "
            "--intensity window:LOW,HIGH or percentile:P,Q."
        )
    return Intensity((limits[0],), (limits[1],), invalid, plane)


def _sample(images: "Iterable[np.ndarray]") -> "np.ndarray":
    """Values (n, channels) of all images; a subset for large images."""
    import numpy as np

    samples = []
    for image in images:
        rows = image.reshape(-1, image.shape[-1])
        samples.append(rows[:: -(-len(rows) // _MAX_VALUES)])
    if not samples:
        raise InputError(
            "Percentiles need images of finite values. Received: none. Replace "
            "infinite values and NaN by numbers, or pass --invalid_value if they mean "
            "missing data."
        )
    return np.concatenate(samples)


def _parsed(text: str) -> tuple[str, list[float]]:
    mode, _, rest = str(text).partition(":")
    try:
        numbers = [float(number) for number in rest.split(",")] if rest else []
    except ValueError:
        numbers = [math.nan]
    counts = {
        FULL: not numbers,
        WINDOW: len(numbers) >= 2 and len(numbers) % 2 == 0,
        PERCENTILE: len(numbers) == 2,
    }
    if not counts.get(mode) or any(math.isnan(number) for number in numbers):
        raise InputError(
            "--intensity must be full, window:LOW,HIGH, or percentile:P,Q. "
            f"Received: {text}"
        )
    return mode, numbers
