"""The builder of labelled CelebA-HQ for TensorFlow Datasets.

TensorFlow Datasets' own `celeb_a_hq` has pictures without labels. This one takes what
StarGAN v2's authors distribute; no checksum of theirs is published that we could
verify, so one gets it by hand.
"""

from collections.abc import Iterator
from typing import Any

from stargan_tf.plugin_tfds import (
    PictureBuilder,
    PictureTree,
    Row,
    rows_of_folders,
    tfds,
)

DOMAINS = ("female", "male")
FOLDERS = {"train": "train", "test": "val"}


class Builder(PictureBuilder):
    """CelebA-HQ with the labels female and male."""

    VERSION = tfds.core.Version("1.0.0")
    SOURCES = ("celeba_hq.zip", "celeba_hq")
    MANUAL_DOWNLOAD_INSTRUCTIONS = """
    Get celeba_hq.zip as download.sh in https://github.com/clovaai/stargan-v2 does, and
    put it into this folder, zipped or unpacked as celeba_hq/.
    """

    def features(self) -> dict[str, Any]:
        """The domain as `label`."""
        return {"label": tfds.features.ClassLabel(names=DOMAINS)}

    def rows(self, tree: PictureTree) -> Iterator[tuple[str, list[Row]]]:
        """The authors' splits.

        Args:
            tree: the pictures.
        """
        return rows_of_folders(tree, FOLDERS, DOMAINS)
