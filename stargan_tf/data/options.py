"""The user's options for a data set, and the preparation of its images."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stargan_tf.data.info import RGB, Size, check_channels, sides
from stargan_tf.data.intensity import check_intensity, check_invalid, check_plane
from stargan_tf.errors import InputError, check_choice
from stargan_tf.files import user_path

TRAIN = "train"
HELD_OUT = "held_out"
SPLITS = (TRAIN, HELD_OUT)
CROP, STRETCH = "crop", "stretch"
CROP_SIZE_HELP = (
    "Use only the centered square with this side, in pixels of the original image."
)

CHANNELS_HELP = "Channels of the images, 1 to 64."

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Preparation:
    """How images of any shape are converted to the size of a model.

    Training, translation, evaluation, exports, and the web page all use it. Every
    checkpoint and every export contains that of its model.

    Args:
        fit: `"crop"`, the largest centered crop with the aspect ratio of the model's
            images, usually a square; or `"stretch"`, the whole image, stretched.
        crop_size: shorter side of the centered crop, in pixels of the image, which
            overrides `fit`; None to use `fit`.

    Raises:
        InputError: if `fit` or `crop_size` is invalid.
    """

    fit: str = CROP
    crop_size: int | None = None

    def __post_init__(self) -> None:
        check_choice("fit", self.fit, (CROP, STRETCH))
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
    """The crop of an image that is used.

    Args:
        size: width and height of the image.
        fit: see `Preparation`.
        crop_size: see `Preparation`.
        image_size: that of the model, which determines the aspect ratio of the crop.

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
    """The user's options for a data set; each definition uses those it needs.

    Args:
        data_dir: folder with the images. A leading `~` is the home folder.
        labels: the attribute file, for `attributes`. A leading `~` is the home folder.
        attributes: the attributes to use, in order; empty means all.
        crop_size: side of the centered square to use, in pixels of the original image,
            which overrides `fit`; None to use `fit`.
        held_out: fraction of the images held out from training, in (0, 1).
        fit: `"crop"` takes the largest centered square, `"stretch"` the whole image,
            stretched to a square.
        one_hot: whether to turn attributes into domains, see `one_domain_each`.
        num_channels: of the images: 1 for grayscale; None for 3, or for that of
            measured images.
        intensity: how stored values are mapped to [-1, 1], see
            `intensity.INTENSITY_HELP`; None for images of 8 bits, and for the full
            range of measured images.
        invalid_value: for measured images: the value of pixels without data, in the
            data's units, a number as text; None for none.
        plane: for volumes, see `Intensity`.

    Raises:
        InputError: if a value is invalid.
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
        if not 0 < self.held_out < 1:
            raise InputError(
                "held_out must be a fraction between 0 and 1, such as 0.1. "
                f"Received: {self.held_out}"
            )
        if self.num_channels is not None:
            check_channels(self.num_channels)
        if self.intensity is not None:
            check_intensity(self.intensity)
        if self.invalid_value is not None:
            check_invalid(self.invalid_value)
        check_plane(self.plane)


# Options that generated data sets do not have.
FILE_OPTIONS = ("data_dir", "labels", "crop_size", "held_out", "invalid_value", "plane")


def refuse_options(name: str, options: DatasetOptions, *fields: str) -> None:
    """Raises `InputError` if an option that a data set lacks was given."""
    default = DatasetOptions()
    for field in fields:
        value = getattr(options, field)
        if value != getattr(default, field):
            raise InputError(
                f"The data set '{name}' does not support {field}. Received: "
                f"{field}={value!r}. Remove it, or use your own images with --dataset "
                "folder or --dataset attributes."
            )


def refuse_measured(name: str, options: DatasetOptions) -> None:
    """Raises `InputError` for options of measured images, which are files."""
    channels = () if options.num_channels in (None, 1, RGB) else ("num_channels",)
    refuse_options(name, options, "intensity", "invalid_value", "plane", *channels)


def check_split(split: str) -> None:
    """Raises `InputError` unless `split` is `"train"` or `"held_out"`."""
    check_choice("split", split, SPLITS)
