"""The builder of FFHQ for TensorFlow Datasets, from files got by hand."""

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
        *("images1024x1024", "images1024x1024.zip"),
        *("thumbnails128x128", "thumbnails128x128.zip"),
    )
    MANUAL_DOWNLOAD_INSTRUCTIONS = """
    Get images1024x1024 or thumbnails128x128 as https://github.com/NVlabs/ffhq-dataset
    says (its download_ffhq.py checks each file's MD5) and put the folder, or a zip of
    it, into this one.
    """

    def features(self) -> dict[str, Any]:
        """The number of the picture."""
        return {"number": tfds.features.Scalar(np.int64)}

    def rows(self, tree: PictureTree) -> Iterator[tuple[str, list[Row]]]:
        """The first 60,000 are `train`, the last 10,000 `test`.

        Args:
            tree: the pictures.
        """
        for split, ours in SPLITS.items():
            names = of_split(tree.names, ours)
            if names:  # Of a partial download there may be none.
                yield split, [(name, {"number": number_of(name)}) for name in names]
