"""What a user says about a data set, and how its images become squares."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stargan_tf.errors import InputError
from stargan_tf.files import user_path

TRAIN = "train"
HELD_OUT = "held_out"
SPLITS = (TRAIN, HELD_OUT)
CROP, STRETCH = "crop", "stretch"
CROP_SIZE_HELP = (
    "Use only the centered square of this side, in original pixels, whatever the fit."
)

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Preparation:
    """How images of any shape become the squares that a model takes.

    One rule for training, translation, evaluation, exports, and the web page. Every
    checkpoint and every export records that of its model.

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
        if self.fit not in (CROP, STRETCH):
            raise InputError(
                f"fit must be '{CROP}' or '{STRETCH}'. Received: fit={self.fit!r}"
            )
        size = self.crop_size
        if size is not None and not (isinstance(size, int) and size > 0):
            raise InputError(
                "crop_size must be a positive number of pixels or None. Received: "
                f"crop_size={size!r}"
            )

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> "Preparation":
        """The preparation among the options of a data set or a description."""
        names = cls.__dataclass_fields__
        return cls(**{name: options[name] for name in names if name in options})


def used_box(size: tuple[int, int], fit: str, crop_size: int | None = None) -> Box:
    """The part of an image that is used.

    Returns:
        (left, top, right, bottom) in pixels.
    """
    width, height = size
    if crop_size is None and fit != CROP:
        return 0, 0, width, height
    side = min(width, height, crop_size or max(width, height))
    left, top = round((width - side) / 2), round((height - side) / 2)
    return left, top, left + side, top + side


@dataclass(frozen=True)
class DatasetOptions:
    """What a user says about the data set; each definition takes what it needs.

    Args:
        data_dir: folder with the images, for data that is the user's own. `~` at its
            beginning is replaced by the home folder.
        labels: the attribute file, for `attributes`; `~` as in `data_dir`.
        attributes: choice of attributes, in order; empty means all.
        crop_size: side of the centered square to use, in original pixels, whatever
            `fit` says; None means what `fit` says.
        held_out: share of the images kept from training, in (0, 1).
        fit: how an image becomes a square: `"crop"` takes the largest centered
            square, `"stretch"` the whole image without keeping its aspect.
        one_hot: one domain per image: attributes are turned into domains, see
            `one_domain_each`.

    Raises:
        InputError: as `Preparation`, or if a `~` has no meaning.
    """

    data_dir: str | None = None
    labels: str | None = None
    attributes: tuple[str, ...] = ()
    crop_size: int | None = None
    held_out: float = 0.1
    fit: str = CROP
    one_hot: bool = False

    def __post_init__(self) -> None:
        for name in ("data_dir", "labels"):
            path = getattr(self, name)
            if path is not None:
                object.__setattr__(self, name, str(user_path(path)))
        Preparation(self.fit, self.crop_size)


def check_split(split: str) -> None:
    """Raises InputError unless `split` is `"train"` or `"held_out"`."""
    if split not in SPLITS:
        raise InputError(
            f"split must be '{TRAIN}' or '{HELD_OUT}'. Received: split={split!r}"
        )
