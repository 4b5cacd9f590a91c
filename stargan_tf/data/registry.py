"""Data sets by name, found through the entry-point group `stargan_tf.datasets`.

Listing reads package metadata only; a data set's module is imported when its name
is asked for. Ours are declared in `pyproject.toml` like a stranger's.
"""

from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Protocol

from stargan_tf.data.fit import CROP, check_fit
from stargan_tf.data.labelled_images import LabelledImages
from stargan_tf.data.one_domain_each import one_domain_each
from stargan_tf.errors import InputError, near_names

GROUP = "stargan_tf.datasets"
TRAIN = "train"
HELD_OUT = "held_out"


@dataclass(frozen=True)
class DatasetOptions:
    """What a user says about the data set; each definition takes what it needs.

    Args:
        data_dir: folder with the images, for data that is the user's own.
        labels: the attribute file, for `attributes`.
        attributes: choice of attributes, in order; empty means all.
        crop_size: side of the centre crop in original pixels; None means what `fit`
            says.
        held_out: share of the images kept from training, in (0, 1).
        fit: how a picture becomes a square: `"crop"` takes the largest centred
            square, `"stretch"` the whole picture without keeping its aspect.
        one_hot: one domain per image, see `one_domain_each`; of a data set with
            binary attributes, some become domains.

    Raises:
        InputError: if `fit` is another word.
    """

    data_dir: str | None = None
    labels: str | None = None
    attributes: tuple[str, ...] = ()
    crop_size: int | None = None
    held_out: float = 0.1
    fit: str = CROP
    one_hot: bool = False

    def __post_init__(self) -> None:
        check_fit(self.fit)


class DatasetDefinition(Protocol):
    """What an entry point of the group must name."""

    description: str

    def load(
        self, split: str, image_size: int, options: DatasetOptions
    ) -> LabelledImages:
        """Opens one split, `"train"` or `"held_out"`."""
        ...


def available() -> dict[str, EntryPoint]:
    """Name → entry point of every installed data set; imports none of them."""
    return {point.name: point for point in entry_points(group=GROUP)}


def definition(name: str) -> DatasetDefinition:
    """The definition of data set `name`; InputError names the installed ones."""
    points = available()
    if name not in points:
        raise InputError(
            f"There is no data set '{name}'. {near_names(name, sorted(points))}"
        )
    return points[name].load()


def load_dataset(
    name: str, split: str = TRAIN, image_size: int = 128, **options
) -> LabelledImages:
    """Opens one split of a data set by name.

    Args:
        name: one of `stargan-tf datasets`.
        split: `"train"` or `"held_out"`; the division never changes between runs.
        image_size: side of the square images in pixels, a multiple of 4.
        **options: the fields of `DatasetOptions`.

    Returns:
        The images with their labels.

    Raises:
        InputError: unknown name or split, or data that does not fit.
    """
    if split not in (TRAIN, HELD_OUT):
        raise InputError(
            f"split must be '{TRAIN}' or '{HELD_OUT}'. Received: split={split!r}"
        )
    chosen = DatasetOptions(**options)
    source = definition(name).load(split, image_size, chosen)
    return one_domain_each(source) if chosen.one_hot else source
