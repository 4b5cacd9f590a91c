"""The TensorFlow Datasets builder of RaFD, from photographs obtained on request."""

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from stargan_tf.plugin_tfds import PictureBuilder, PictureTree, Row, tfds
from stargan_tf_rafd.file_name import ANGLES, EXPRESSIONS, GAZES, Photo
from stargan_tf_rafd.selection import ANGLE, FRONTAL, HELD_OUT_SHARE, PAPER, of_split

SELECTIONS = {"three_angles": PAPER, "frontal": FRONTAL, "all": ANGLE}
SPLITS = {"train": "train", "test": "held_out"}


class Builder(PictureBuilder):
    """Photographs with expression, gaze, angle, and person."""

    VERSION = tfds.core.Version("1.0.0")
    BUILDER_CONFIGS: ClassVar = [
        tfds.core.BuilderConfig(
            name="three_angles",
            description="Cameras at 45, 90, and 135 degrees: StarGAN's 4,824 images.",
        ),
        tfds.core.BuilderConfig(
            name="frontal", description="Frontal, looking at the camera."
        ),
        tfds.core.BuilderConfig(name="all", description="All five cameras."),
    ]
    SOURCES = ("rafd.zip", "rafd", "RaFD.zip", "RaFD")
    MANUAL_DOWNLOAD_INSTRUCTIONS = """
    Request access at https://rafd.socsci.ru.nl and put the photographs, with their
    official names, into this folder as rafd/ or rafd.zip.
    """

    def features(self) -> dict[str, Any]:
        """Returns the features besides the image: `expression`, `gaze`, and others."""
        classes = {"expression": EXPRESSIONS, "gaze": GAZES, "angle": ANGLES}
        labels = {k: tfds.features.ClassLabel(names=v) for k, v in classes.items()}
        return {**labels, "person": tfds.features.Scalar(np.int64)}

    def rows(self, tree: PictureTree) -> Iterator[tuple[str, list[Row]]]:
        """Returns the rows of `train` and `test`, a tenth of the people.

        Args:
            tree: the image files.
        """
        selection = SELECTIONS[self.builder_config.name]
        for split, ours in SPLITS.items():
            photos = of_split(tree.names, ours, HELD_OUT_SHARE)
            yield split, [(n, _values(p)) for n, p in photos if selection.takes(p)]


def _values(photo: Photo) -> dict[str, Any]:
    return {
        "expression": photo.expression,
        "gaze": photo.gaze,
        "angle": photo.angle,
        "person": photo.person,
    }
