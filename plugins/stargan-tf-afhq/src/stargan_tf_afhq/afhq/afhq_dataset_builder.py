"""The builder of AFHQ for TensorFlow Datasets, from the zip or its folder.

The zips come from Dropbox; no checksum of theirs is published that we could verify, so
one gets them by hand.
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
    """Faces of cats, dogs and wild animals in two versions."""

    VERSION = tfds.core.Version("1.0.0")
    BUILDER_CONFIGS: ClassVar = [
        tfds.core.BuilderConfig(name="v1", description="AFHQ of 2020: JPEG."),
        tfds.core.BuilderConfig(name="v2", description="AFHQ v2 of 2021: PNG."),
    ]
    MANUAL_DOWNLOAD_INSTRUCTIONS = """
    Get afhq.zip (configuration v1) or afhq_v2.zip (v2) as download.sh in
    https://github.com/clovaai/stargan-v2 does, and put it into this folder, zipped or
    unpacked as afhq/ or afhq_v2/.
    """

    def features(self) -> dict[str, Any]:
        """The domain as `label`."""
        return {"label": tfds.features.ClassLabel(names=DOMAINS)}

    def sources(self) -> tuple[str, ...]:
        """The zip of the configuration, or its folder."""
        return SOURCES[self.builder_config.name]

    def rows(self, tree: PictureTree) -> Iterator[tuple[str, list[Row]]]:
        """The authors' splits.

        Args:
            tree: the pictures.
        """
        folders = {"train": "train", "test": TEST[self.builder_config.name]}
        return rows_of_folders(tree, folders, DOMAINS)
