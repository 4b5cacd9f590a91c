"""`celeb_a_hq` of TensorFlow Datasets, with its domains from a table of attributes.

The builder's pictures are numbered in their file names, and the table
`CelebAMask-HQ-attribute-anno.txt` of CelebAMask-HQ has the same numbers.
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
    """Opens one split.

    Args:
        dataset: the definition, of the domains female and male.
        split: `"train"` or `"held_out"`, divided by a hash of the pictures' numbers,
            as the builder knows one split only.
        image_size: side of the square images in pixels.
        options: uses `labels`, `attributes` (domains), `crop_size`, `fit`, `held_out`.

    Raises:
        InputError: if the table misses a picture or has no column `Male`.
    """
    table = read_attribute_file(options.labels, ("Male",))
    males = dict(zip(map(_number, table.files), table.values[:, 0], strict=True))
    males.pop(None, None)

    def sex(example: Mapping[str, Any]) -> int:
        name = example["image/filename"].decode()
        if _number(name) not in males:
            raise InputError(f"{options.labels} has no row for the picture {name}.")
        return int(males[_number(name)])

    builder = tfds_builder(f"celeb_a_hq/{resolution(image_size)}")
    both = tfds_pictures(dataset, builder, "train", sex, image_size, options)
    classes = both.labels.argmax(axis=1)
    kept = split_positions(both.names, split, options.held_out, classes)
    return subset(both, kept)


def resolution(image_size: int) -> int:
    """The builder's configuration: the smallest that is not smaller than the images.

    Args:
        image_size: side of the square images in pixels.
    """
    side = SMALLEST
    while side < min(image_size, LARGEST):
        side *= 2
    return side


def _number(name: str) -> int | None:
    digits = re.search(r"(\d+)$", PurePosixPath(name).stem)
    return int(digits[1]) if digits else None
