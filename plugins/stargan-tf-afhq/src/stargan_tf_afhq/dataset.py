"""The definitions of AFHQ: three domains, in folders with the authors' splits."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stargan_tf.plugin import (
    DatasetOptions,
    InputError,
    LabeledImages,
    SplitFolders,
    one_hot,
    tree_of,
)

if TYPE_CHECKING:
    import tensorflow_datasets as tfds

DOMAINS = ("cat", "dog", "wild")
HOMEPAGE = "https://github.com/clovaai/stargan-v2"
LICENSE = "CC BY-NC 4.0: noncommercial use only"
CITATION = (
    "Y. Choi, Y. Uh, J. Yoo, J.-W. Ha: StarGAN v2: Diverse Image Synthesis for "
    "Multiple Domains, CVPR 2020"
)


@dataclass(frozen=True, kw_only=True)
class AnimalFaces(SplitFolders):
    """A version of AFHQ.

    Args:
        version: configuration of the TensorFlow Datasets builder.
        other: name of the data set with the other version.
    """

    version: str
    other: str

    def builder(self) -> "tfds.core.DatasetBuilder":
        """Returns the builder for TensorFlow Datasets in this package."""
        from stargan_tf_afhq.afhq import Builder

        return Builder(config=self.version)

    def load(
        self, split: str, image_size: int, options: DatasetOptions
    ) -> LabeledImages:
        """Loads a split; detects the other version of AFHQ.

        Args:
            split: `"train"` or `"held_out"`.
            image_size: side of the square images in pixels.
            options: options of the data set, of which `data_dir`, `attributes`
                (domains), `crop_size`, and `fit` are used.

        Raises:
            InputError: if files are missing, or belong to the other version.
        """
        try:
            return super().load(split, image_size, options)
        except InputError as error:
            if options.data_dir is None or not self._is_other(options):
                raise
            raise InputError(
                f"'{self.name}' needs a folder {self.held_out_folder}/. Received: "
                f"{options.data_dir} with the other version of AFHQ. Use --dataset "
                f"{self.other}."
            ) from error

    def _is_other(self, options: DatasetOptions) -> bool:
        folders = {name for n in tree_of(self, options).names for name in n.split("/")}
        others = {"val", "test"} - {self.held_out_folder}
        return self.held_out_folder not in folders and bool(others & folders)


AFHQ = AnimalFaces(
    api_version=1,
    name="afhq",
    description="Faces of cats, dogs, and wild animals, 512 px; one-hot",
    license=LICENSE,
    citation=CITATION,
    obtain="Download afhq.zip as described at https://github.com/clovaai/stargan-v2 "
    "(download.sh, 'afhq-dataset') and pass --data_dir afhq.zip.",
    homepage=HOMEPAGE,
    labels=one_hot(*DOMAINS),
    held_out_folder="val",
    version="v1",
    other="afhq_v2",
)

AFHQ_V2 = AnimalFaces(
    api_version=1,
    name="afhq_v2",
    description="AFHQ resized with better filters (PNG), 512 px; one-hot",
    license=LICENSE,
    citation=CITATION,
    obtain="Download afhq_v2.zip as described at https://github.com/clovaai/stargan-v2 "
    "(download.sh, 'afhq-v2-dataset') and pass --data_dir afhq_v2.zip.",
    homepage=HOMEPAGE,
    labels=one_hot(*DOMAINS),
    held_out_folder="test",
    version="v2",
    other="afhq",
)
