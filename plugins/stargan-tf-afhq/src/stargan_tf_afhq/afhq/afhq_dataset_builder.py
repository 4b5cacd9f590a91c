"""The TensorFlow Datasets builder of AFHQ, from the zip or its folder.

The zip files are on Dropbox and no checksums are published, so they must be downloaded
manually.
"""

from collections.abc import Iterator
from typing import Any, ClassVar

from stargan_tf.plugin_tfds import (
    PictureBuilder,
    PictureTree,
    Row,
    rows_of_folders,
    tfds,
)
from stargan_tf_afhq.dataset import DOMAINS

SOURCES = {"v1": ("afhq.zip", "afhq"), "v2": ("afhq_v2.zip", "afhq_v2")}
TEST = {"v1": "val", "v2": "test"}


class Builder(PictureBuilder):
    """Faces of cats, dogs, and wild animals, in two versions."""

    VERSION = tfds.core.Version("1.0.0")
    BUILDER_CONFIGS: ClassVar = [
        tfds.core.BuilderConfig(name="v1", description="AFHQ of 2020: JPEG."),
        tfds.core.BuilderConfig(name="v2", description="AFHQ v2 of 2021: PNG."),
    ]
    MANUAL_DOWNLOAD_INSTRUCTIONS = """
    Download afhq.zip (configuration v1) or afhq_v2.zip (v2) like download.sh in
    https://github.com/clovaai/stargan-v2, and put it into this folder, zipped or
    unpacked as afhq/ or afhq_v2/.
    """

    def features(self) -> dict[str, Any]:
        """Returns the features besides the image: the domain, `label`."""
        return {"label": tfds.features.ClassLabel(names=DOMAINS)}

    def sources(self) -> tuple[str, ...]:
        """Returns the names of the zip and the folder of the configuration."""
        return SOURCES[self.builder_config.name]

    def rows(self, tree: PictureTree) -> Iterator[tuple[str, list[Row]]]:
        """Returns the rows of the authors' splits.

        Args:
            tree: the image files.
        """
        folders = {"train": "train", "test": TEST[self.builder_config.name]}
        return rows_of_folders(tree, folders, DOMAINS)
