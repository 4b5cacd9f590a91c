"""Data sets by name, found through the entry-point group `stargan_tf.datasets`.

Listing reads package metadata only; the module of a data set is imported on first use.
The built-in data sets are declared in `pyproject.toml` as those of plugins are.
"""

from typing import TYPE_CHECKING

from stargan_tf.data.info import check_domain_names
from stargan_tf.data.options import TRAIN, DatasetOptions, check_split
from stargan_tf.discovery import DATASETS

if TYPE_CHECKING:
    from stargan_tf.data.source import LabeledImages

# One line for each built-in data set, for listings without imports.
DESCRIPTIONS = {
    "folder": "Your images: one folder per domain (--data_dir); one-hot",
    "attributes": "Your images and a file of attributes (--data_dir, --labels); binary",
    "toon_attributes": "Cartoon faces with hair color, sex, and age; no download",
    "toon_expressions": "Cartoon faces with eight expressions; no download",
    "toon_people": "Cartoon women, men, and children in many styles; no download",
    "drawn_scans": "Synthetic gray scans of healthy and ill patients; no download",
}
OWN_FILES = "the terms of your own images"
NEEDS_TFDS = (
    "Without --data_dir this data set needs TensorFlow Datasets: "
    "pip install 'stargan_tf[tfds]'"
)


def load_dataset(
    name: str, split: str = TRAIN, image_size: int = 128, **options
) -> "LabeledImages":
    """Opens one split of a data set by name.

    Args:
        name: one of `stargan-tf datasets`.
        split: `"train"` or `"held_out"`; the same images in every run.
        image_size: side of the square images in pixels, a multiple of 4.
        **options: the fields of `DatasetOptions`.

    Returns:
        The images with their labels.

    Raises:
        InputError: if the name or split is unknown, or options or files are invalid.
        ImportError: if the data set needs a package that is not installed.
    """
    from stargan_tf.data.source import one_domain_each

    check_split(split)
    chosen = DatasetOptions(**options)
    try:
        source = DATASETS.load(name).load(split, image_size, chosen)
    except ModuleNotFoundError as error:  # Also if a plugin imports it directly.
        if (error.name or "").partition(".")[0] != "tensorflow_datasets":
            raise
        raise ImportError(NEEDS_TFDS) from error
    check_domain_names(source.info)
    return one_domain_each(source) if chosen.one_hot else source
