"""Data sets by name, found through the entry-point group `stargan_tf.datasets`.

Listing reads package metadata only; a data set's module is imported when its name
is asked for. Ours are declared in `pyproject.toml` like a stranger's.
"""

from typing import TYPE_CHECKING

from stargan_tf.data.info import check_domain_names
from stargan_tf.data.options import TRAIN, DatasetOptions, check_split
from stargan_tf.discovery import DATASETS, Plugin

if TYPE_CHECKING:
    from stargan_tf.data.dataset import Dataset
    from stargan_tf.data.source import LabeledImages

# One line on each data set of our own, for listings that import none of them.
DESCRIPTIONS = {
    "folder": "Your images: one folder per domain (--data_dir); one-hot",
    "attributes": "Your images and a file of attributes (--data_dir, --labels); binary",
    "toon_attributes": "Drawn faces with hair color, sex and age; embedded, nothing "
    "to download",
    "toon_expressions": "Drawn faces with eight expressions; embedded, nothing "
    "to download",
    "toon_people": "Drawn women, men and children in many styles; embedded",
    "drawn_scans": "Drawn gray scans of healthy and ill patients; embedded",
}
OWN_FILES = "your own: whatever terms you have the pictures under"
NEEDS_TFDS = (
    "Without --data_dir this data set needs TensorFlow Datasets: "
    "pip install 'stargan_tf[tfds]'"
)


def available() -> dict[str, Plugin]:
    """Name → plugin of every installed data set; imports none of them."""
    return DATASETS.installed()


def definition(name: str) -> "Dataset":
    """The definition of a data set."""
    return DATASETS.load(name)


def load_dataset(
    name: str, split: str = TRAIN, image_size: int = 128, **options
) -> "LabeledImages":
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
    from stargan_tf.data.source import one_domain_each

    check_split(split)
    chosen = DatasetOptions(**options)
    try:
        source = definition(name).load(split, image_size, chosen)
    except ModuleNotFoundError as error:  # A definition may import it itself.
        if (error.name or "").partition(".")[0] != "tensorflow_datasets":
            raise
        raise ImportError(NEEDS_TFDS) from error
    check_domain_names(source.info)
    return one_domain_each(source) if chosen.one_hot else source
