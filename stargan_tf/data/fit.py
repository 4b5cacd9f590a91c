"""How an image of any shape becomes a model's square input.

One rule for training, translation, evaluation, exports, and the web page: a `crop_size`
cuts out that centered square, whatever `fit` says; without one, `fit` decides. Every
checkpoint and every export records the `Preparation` that its model was trained with.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stargan_tf.errors import InputError

CROP, STRETCH = "crop", "stretch"
CROP_SIZE_HELP = (
    "Use only the centered square of this side, in original pixels, whatever the fit."
)

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Preparation:
    """How images become the squares that a model takes.

    Args:
        fit: `"crop"` (the largest centered square) or `"stretch"` (the whole image,
            whose aspect is lost).
        crop_size: side of the centered square to take instead, in pixels of the
            image; None for what `fit` says.

    Raises:
        InputError: if `fit` is another word or `crop_size` is no positive integer.
    """

    fit: str = CROP
    crop_size: int | None = None

    def __post_init__(self) -> None:
        check_fit(self.fit)
        size = self.crop_size
        if size is not None and not (isinstance(size, int) and size > 0):
            raise InputError(
                "crop_size is a number of pixels, 1 or more, or None. Received: "
                f"crop_size={size!r}"
            )

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> "Preparation":
        """The preparation among the options of a data set or a description.

        Args:
            options: `fit` and `crop_size`, each optional; others are ignored.
        """
        names = cls.__dataclass_fields__
        return cls(**{name: options[name] for name in names if name in options})


def used_box(size: tuple[int, int], fit: str, crop_size: int | None = None) -> Box:
    """The part of a picture that is used.

    Args:
        size: the picture's width and height.
        fit: `"crop"` takes the largest centred square, another word all of it.
        crop_size: side of the centred square to take instead; where the picture is
            smaller, its largest one.

    Returns:
        (left, top, right, bottom) in pixels.
    """
    width, height = size
    if crop_size is None and fit != CROP:
        return 0, 0, width, height
    side = min(width, height, crop_size or max(width, height))
    left, top = round((width - side) / 2), round((height - side) / 2)
    return left, top, left + side, top + side


def check_fit(fit: str) -> None:
    """Refuses what is no way to make a square.

    Args:
        fit: `"crop"` (the largest centred square) or `"stretch"` (the whole picture,
            whose aspect is lost).

    Raises:
        InputError: if it is another word.
    """
    if fit not in (CROP, STRETCH):
        raise InputError(f"fit must be '{CROP}' or '{STRETCH}'. Received: fit={fit!r}")
