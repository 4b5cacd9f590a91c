"""The TensorFlow Datasets builder of FFHQ, from manually downloaded files."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from stargan_tf.plugin_tfds import PictureBuilder, PictureTree, Row, tfds
from stargan_tf_ffhq.numbers import number_of, of_split

SPLITS = {"train": "train", "test": "held_out"}


class Builder(PictureBuilder):
    """Faces and their numbers, without labels."""

    VERSION = tfds.core.Version("1.0.0")
    SOURCES = (
        "images1024x1024",
        "images1024x1024.zip",
        "thumbnails128x128",
        "thumbnails128x128.zip",
    )
    MANUAL_DOWNLOAD_INSTRUCTIONS = """
    Download images1024x1024 or thumbnails128x128 as described at
    https://github.com/NVlabs/ffhq-dataset (download_ffhq.py verifies the MD5 of each
    file), and put the folder, or a zip of it, into this folder.
    """

    def features(self) -> dict[str, Any]:
        """Returns the features besides the image: its `number`."""
        return {"number": tfds.features.Scalar(np.int64)}

    def rows(self, tree: PictureTree) -> Iterator[tuple[str, list[Row]]]:
        """Returns the rows of `train`, the first 60,000, and `test`, the last 10,000.

        Args:
            tree: the image files.
        """
        for split, ours in SPLITS.items():
            names = of_split(tree.names, ours)
            if names:  # A partial download may have none.
                yield split, [(name, {"number": number_of(name)}) for name in names]
