"""The definitions of AFHQ: three domains, in folders of the authors' splits."""

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
LICENSE = "CC BY-NC 4.0: not for commercial use"
CITATION = (
    "Y. Choi, Y. Uh, J. Yoo, J.-W. Ha: StarGAN v2: Diverse Image Synthesis for "
    "Multiple Domains, CVPR 2020"
)


@dataclass(frozen=True, kw_only=True)
class AnimalFaces(SplitFolders):
    """One version of AFHQ.

    Args:
        version: its name as a configuration of our TensorFlow Datasets builder.
        other: name of the data set that is the other version.
    """

    version: str
    other: str

    def builder(self) -> "tfds.core.DatasetBuilder":
        """Our builder for TensorFlow Datasets."""
        from stargan_tf_afhq.afhq import Builder

        return Builder(config=self.version)

    def load(
        self, split: str, image_size: int, options: DatasetOptions
    ) -> LabeledImages:
        """As `SplitFolders`; tells the versions apart.

        Args:
            split: `"train"` or `"held_out"`.
            image_size: side of the square images in pixels.
            options: uses `data_dir`, `attributes` (domains), `crop_size`, `fit`.
        """
        try:
            return super().load(split, image_size, options)
        except InputError as error:
            if options.data_dir is None or not self._is_other(options):
                raise
            raise InputError(
                f"{options.data_dir} has no folder {self.held_out_folder}/: it is the "
                f"other version of AFHQ. Say --dataset {self.other}."
            ) from error

    def _is_other(self, options: DatasetOptions) -> bool:
        folders = {part for n in tree_of(self, options).names for part in n.split("/")}
        others = {"val", "test"} - {self.held_out_folder}
        return self.held_out_folder not in folders and bool(others & folders)


AFHQ = AnimalFaces(
    api_version=1,
    name="afhq",
    description="Faces of cats, dogs and wild animals, 512 px; one-hot",
    license=LICENSE,
    citation=CITATION,
    obtain="Get afhq.zip as https://github.com/clovaai/stargan-v2 says (its "
    "download.sh, 'afhq-dataset') and pass --data_dir afhq.zip.",
    homepage=HOMEPAGE,
    labels=one_hot(*DOMAINS),
    held_out_folder="val",
    version="v1",
    other="afhq_v2",
)

AFHQ_V2 = AnimalFaces(
    api_version=1,
    name="afhq_v2",
    description="The same, resized again with better filters (PNG); one-hot",
    license=LICENSE,
    citation=CITATION,
    obtain="Get afhq_v2.zip as https://github.com/clovaai/stargan-v2 says (its "
    "download.sh, 'afhq-v2-dataset') and pass --data_dir afhq_v2.zip.",
    homepage=HOMEPAGE,
    labels=one_hot(*DOMAINS),
    held_out_folder="test",
    version="v2",
    other="afhq",
)
