"""`celeb_a_hq` of TensorFlow Datasets, with domains from a table of attributes.

File names of the images contain numbers, which the table
`CelebAMask-HQ-attribute-anno.txt` of CelebAMask-HQ also has.
"""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from stargan_tf.plugin import (
    Dataset,
    DatasetOptions,
    InputError,
    LabeledImages,
    read_attribute_file,
    split_positions,
    subset,
    tfds_builder,
    tfds_pictures,
)

SMALLEST, LARGEST = 64, 1024


def load_by_table(
    dataset: Dataset, split: str, image_size: int, options: DatasetOptions
) -> LabeledImages:
    """Loads a split.

    Args:
        dataset: the data set with the domains female and male.
        split: `"train"` or `"held_out"`. Because the builder has only one split, images
            are split by a hash of their names.
        image_size: side of the square images in pixels.
        options: options of the data set, of which `labels`, `attributes` (domains),
            `crop_size`, `fit`, and `held_out` are used.

    Returns:
        The `LabeledImages`.

    Raises:
        InputError: if the table has no row for an image, or no column `Male`.
    """
    table = read_attribute_file(options.labels, ("Male",))
    males = dict(zip(map(_number, table.files), table.values[:, 0], strict=True))
    males.pop(None, None)

    def sex(example: Mapping[str, Any]) -> int:
        name = example["image/filename"].decode()
        if _number(name) not in males:
            raise InputError(
                f"{options.labels} must have a row for each image. Received: no row "
                f"for the image {name}. Use CelebAMask-HQ-attribute-anno.txt."
            )
        return int(males[_number(name)])

    builder = tfds_builder(f"celeb_a_hq/{resolution(image_size)}")
    both = tfds_pictures(dataset, builder, "train", sex, image_size, options)
    classes = both.labels.argmax(axis=1)
    kept = split_positions(both.names, split, options.held_out, classes)
    return subset(both, kept)


def resolution(image_size: int | tuple[int, int]) -> int:
    """Returns the smallest resolution of the builder that is at least `image_size`."""
    longer = max(image_size) if isinstance(image_size, tuple) else image_size
    side = SMALLEST
    while side < min(longer, LARGEST):
        side *= 2
    return side


def _number(name: str) -> int | None:
    digits = re.search(r"(\d+)$", PurePosixPath(name).stem)
    return int(digits[1]) if digits else None
