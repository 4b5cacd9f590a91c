"""What a user says about a data set, and how its images come to one size."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stargan_tf.data.info import Size, check_channels, sides
from stargan_tf.data.intensity import check_intensity, check_invalid, check_plane
from stargan_tf.errors import InputError
from stargan_tf.files import user_path

TRAIN = "train"
HELD_OUT = "held_out"
SPLITS = (TRAIN, HELD_OUT)
CROP, STRETCH = "crop", "stretch"
CROP_SIZE_HELP = (
    "Use only the centered square of this side, in original pixels, whatever the fit."
)

CHANNELS_HELP = "Channels of the images, 1 to 64."

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Preparation:
    """How images of any shape come to the size that a model takes.

    One rule for training, translation, evaluation, exports, and the web page. Every
    checkpoint and every export records that of its model.

    Args:
        fit: `"crop"` (the largest centered part with the aspect of the model's images,
            a square for most) or `"stretch"` (the whole image, whose aspect is lost).
        crop_size: shorter side of the centered part to take instead, in pixels of the
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


def used_box(
    size: tuple[int, int],
    fit: str,
    crop_size: int | None = None,
    image_size: Size = 1,
) -> Box:
    """The part of an image that is used.

    Args:
        size: width and height of the image.
        fit: see `Preparation`.
        crop_size: see `Preparation`.
        image_size: that of the model, whose aspect the part has if it is cropped.

    Returns:
        (left, top, right, bottom) in pixels.
    """
    width, height = size
    if crop_size is None and fit != CROP:
        return 0, 0, width, height
    down, across = sides(image_size)
    scale = min(width / across, height / down)
    if crop_size is not None:
        scale = min(scale, crop_size / min(down, across))
    across, down = round(across * scale), round(down * scale)
    left, top = round((width - across) / 2), round((height - down) / 2)
    return left, top, left + across, top + down


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
        num_channels: of the images: 1 for grayscale; None for 3, or for what measured
            images have.
        intensity: how stored values become [-1, 1], see `intensity.INTENSITY_HELP`;
            None for pictures of 8 bits, and for the whole range of measured images.
        invalid_value: of measured images: the stored value of pixels without data, a
            number as text; None for none.
        plane: of volumes: see `Intensity`.

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
    num_channels: int | None = None
    intensity: str | None = None
    invalid_value: str | None = None
    plane: str = "z"

    def __post_init__(self) -> None:
        for name in ("data_dir", "labels"):
            path = getattr(self, name)
            if path is not None:
                object.__setattr__(self, name, str(user_path(path)))
        Preparation(self.fit, self.crop_size)
        if self.num_channels is not None:
            check_channels(self.num_channels)
        if self.intensity is not None:
            check_intensity(self.intensity)
        if self.invalid_value is not None:
            check_invalid(self.invalid_value)
        check_plane(self.plane)


def check_split(split: str) -> None:
    """Raises InputError unless `split` is `"train"` or `"held_out"`."""
    if split not in SPLITS:
        raise InputError(
            f"split must be '{TRAIN}' or '{HELD_OUT}'. Received: split={split!r}"
        )
