"""The TensorFlow Datasets builder of labeled CelebA-HQ.

`celeb_a_hq` of TensorFlow Datasets has no labels. This builder reads the files of
StarGAN v2's authors, who publish no checksums, so they must be downloaded manually.
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
from stargan_tf_celeba_hq.dataset import DOMAINS

FOLDERS = {"train": "train", "test": "val"}


class Builder(PictureBuilder):
    """CelebA-HQ with the labels female and male."""

    VERSION = tfds.core.Version("1.0.0")
    SOURCES = ("celeba_hq.zip", "celeba_hq")
    MANUAL_DOWNLOAD_INSTRUCTIONS = """
    Download celeba_hq.zip like download.sh in https://github.com/clovaai/stargan-v2,
    and put it into this folder, zipped or unpacked as celeba_hq/.
    """

    def features(self) -> dict[str, Any]:
        """Returns the features besides the image: the domain, `label`."""
        return {"label": tfds.features.ClassLabel(names=DOMAINS)}

    def rows(self, tree: PictureTree) -> Iterator[tuple[str, list[Row]]]:
        """Returns the rows of the authors' splits.

        Args:
            tree: the image files.
        """
        return rows_of_folders(tree, FOLDERS, DOMAINS)
