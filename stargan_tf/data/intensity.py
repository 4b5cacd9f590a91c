"""How stored values become what a model takes, [-1, 1], and how they are restored.

Pictures have 8 bits, which all models take as they are. Measured images, such as
scans, micrographs, and satellite scenes, have values with a meaning, in ranges of their
own: their data set has an `Intensity`, which is a part of every model trained on it.
What the model draws is turned back into the same units.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stargan_tf.errors import InputError, check_choice

# NumPy is imported where it is used: the command line's help goes without.
if TYPE_CHECKING:
    import numpy as np

FULL, WINDOW, PERCENTILE = "full", "window", "percentile"
MASK = "mask"
INTENSITY_HELP = (
    "How stored values become the model's: full (the whole range of the file's type), "
    "window:LOW,HIGH (in the data's units; LOW,HIGH for each channel or one for all), "
    "or percentile:P,Q (of the training images, for each channel)."
)
INVALID_HELP = (
    "Of measured images: the stored value of pixels without data, such as -9999 or "
    "nan; or mask: those that are not 0 in NAME.mask.png beside an image NAME.tif. "
    "They stay as they are, and count in no loss."
)
PLANES = ("x", "y", "z")
AVERAGED = "average"
PLANE_HELP = (
    "Which axis of a volume (NIfTI) the images are slices along: x, y, or z; average: "
    "all three, and translations are averaged."
)
# What pixels without data are in images whose values are from -1 to 1.
GAP = -2.0
# Smaller values of images are gaps; resizing mixes both.
LARGEST_GAP = -1.05
# Of each channel of an image that percentiles are taken of.
_MOST_VALUES = 1 << 14


@dataclass(frozen=True)
class Intensity:
    """The values that become -1 and 1; what lies outside is clipped.

    Args:
        low: the value that becomes -1, of all channels or of each.
        high: the value that becomes 1, likewise.
        invalid: the stored value of pixels without data, which become `GAP`, as text,
            such as `"-9999"` or `"nan"`; `"mask"` if a file beside the image says
            where they are, and their value is NaN; None for none.
        plane: of volumes: the axis that images are slices along, `"x"`, `"y"` or
            `"z"`; or `"average"`, slices along all three.

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
                "An intensity window has a finite low and high value, or as many as "
                f"there are channels. Received: {self.low}, {self.high}"
            )
        for low, high in pairs:
            if not low < high:
                raise InputError(
                    "An intensity window goes from a lower to a higher value. "
                    f"Received: {low:g} to {high:g}"
                )

        if self.invalid is not None:
            check_invalid(self.invalid)
        check_plane(self.plane)

    @property
    def planes(self) -> tuple[str, ...]:
        """The axes that images are slices along."""
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
        """Refuses as many windows as there are no channels."""
        if len(self.low) not in (1, count):
            raise InputError(
                f"--intensity must give one window, or one for each of {count} "
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
        """Which stored values stand for no data; None where that cannot be."""
        return invalid_values(values, self.invalid)

    def outside(self, values: "np.ndarray") -> int:
        """How many values are clipped."""
        clipped = (values < self.low) | (values > self.high)
        gaps = self.gaps(values)
        return int(clipped.sum() if gaps is None else (clipped & ~gaps).sum())

    def restore(self, images: "np.ndarray", dtype: "np.dtype") -> "np.ndarray":
        """The inverse of `to_float`: float images in [-1, 1] as values of a type.

        Whole numbers are rounded, and clipped to what the type holds.
        """
        import numpy as np

        low, high = np.asarray(self.low), np.asarray(self.high)
        values = (images.astype(np.float64) + 1.0) * ((high - low) / 2.0) + low
        if self.has_gaps:
            values = np.where(images < LARGEST_GAP, self.invalid_number, values)
        dtype = np.dtype(dtype)
        if dtype.kind in "iu":
            limits = np.iinfo(dtype)
            values = np.where(np.isnan(values), low, values)  # No whole number.
            values = np.clip(np.rint(values), limits.min, limits.max)
        return values.astype(dtype)

    def written(self) -> str:
        """As `--intensity` takes it."""
        numbers = (n for pair in zip(self.low, self.high, strict=True) for n in pair)
        return f"{WINDOW}:{','.join(repr(number) for number in numbers)}"


def check_plane(plane: str) -> None:
    """Refuses what `--plane` does not take."""
    check_choice("plane", plane, (*PLANES, AVERAGED))


def check_invalid(text: str) -> None:
    """Refuses what `--invalid_value` does not take."""
    try:
        _number_of(text)
    except (TypeError, ValueError):
        raise InputError(
            f"--invalid_value must be a number, nan, or {MASK}. Received: {text}"
        ) from None


def _number_of(invalid: str) -> float:
    return math.nan if invalid == MASK else float(invalid)


def invalid_values(values: "np.ndarray", invalid: str | None) -> "np.ndarray | None":
    """Which stored values stand for no data; None where that cannot be."""
    import numpy as np

    if invalid is None:
        return None
    number = _number_of(invalid)
    if math.isnan(number):
        return np.isnan(values)
    # As the type has it: 3.4e38, for example, is another number in float32.
    kind = values.dtype
    return values == (kind.type(number) if kind.kind == "f" else number)


def valid_pixels(images: "np.ndarray") -> "np.ndarray":
    """Which values of float images in [-1, 1] are data."""
    return images >= LARGEST_GAP


def check_intensity(text: str) -> None:
    """Refuses what `--intensity` does not take, before any file is opened."""
    kind, numbers = _parsed(text)
    if kind == WINDOW:
        Intensity(tuple(numbers[::2]), tuple(numbers[1::2]))
    if kind == PERCENTILE and not 0 <= numbers[0] < numbers[1] <= 100:
        raise InputError(
            "percentile:P,Q takes two numbers from 0 to 100, the smaller one first. "
            f"Received: {text}"
        )


def intensity_of(
    text: str,
    images: "Iterable[np.ndarray]",
    limits: tuple[float, float] | None,
    invalid: str | None = None,
    plane: str = "z",
) -> Intensity:
    """What `--intensity` stands for.

    Args:
        text: as `INTENSITY_HELP` says.
        images: stored values (height, width, channels) of the training images; looked
            at for percentiles only.
        limits: the whole range of the files' type; None for floats.
        invalid: see `Intensity`.
        plane: see `Intensity`.

    Raises:
        InputError: if the text cannot be read, or fits neither type nor values.
    """
    import numpy as np

    check_intensity(text)
    kind, numbers = _parsed(text)
    if kind == WINDOW:
        return Intensity(tuple(numbers[::2]), tuple(numbers[1::2]), invalid, plane)
    if kind == PERCENTILE:
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
                f"{text} finds the same value twice in channel {flat[0]}, "
                f"{low[flat[0]]:g}: it is nearly constant. Give window:LOW,HIGH."
            )
        return Intensity(tuple(low), tuple(high), invalid, plane)
    if limits is None:
        raise InputError(
            "The images hold floating-point numbers, which have no natural range. "
            "Give --intensity window:LOW,HIGH or percentile:P,Q."
        )
    return Intensity((limits[0],), (limits[1],), invalid, plane)


def _sample(images: "Iterable[np.ndarray]") -> "np.ndarray":
    """Values (n, channels) of all images; of large ones evenly spread values."""
    import numpy as np

    parts = []
    for image in images:
        rows = image.reshape(-1, image.shape[-1])
        parts.append(rows[:: -(-len(rows) // _MOST_VALUES)])
    return np.concatenate(parts)


def _parsed(text: str) -> tuple[str, list[float]]:
    kind, _, rest = str(text).partition(":")
    try:
        numbers = [float(number) for number in rest.split(",")] if rest else []
    except ValueError:
        numbers = [math.nan]
    counts = {
        FULL: not numbers,
        WINDOW: len(numbers) >= 2 and len(numbers) % 2 == 0,
        PERCENTILE: len(numbers) == 2,
    }
    if not counts.get(kind) or any(math.isnan(number) for number in numbers):
        raise InputError(
            "--intensity must be full, window:LOW,HIGH or percentile:P,Q. "
            f"Received: {text}"
        )
    return kind, numbers
