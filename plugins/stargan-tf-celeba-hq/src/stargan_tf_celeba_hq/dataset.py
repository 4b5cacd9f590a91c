"""The definition of CelebA-HQ: two domains.

The pictures alone say nothing of their domain. Two distributions do:

* the folder or zip of StarGAN v2's authors, `train/female/…` to `val/male/…`;
* the `celeb_a_hq` of TensorFlow Datasets, whose pictures carry no label, together with
  CelebAMask-HQ's table of attributes, which has a row for each picture's number.
"""

from typing import TYPE_CHECKING

from stargan_tf.plugin import DatasetOptions, LabeledImages, SplitFolders, one_hot
from stargan_tf_celeba_hq.unlabeled import load_by_table

if TYPE_CHECKING:
    import tensorflow_datasets as tfds

DOMAINS = ("female", "male")


class CelebAHQ(SplitFolders):
    """CelebA-HQ by sex, as StarGAN v2 was trained on."""

    def builder(self) -> "tfds.core.DatasetBuilder":
        """Our builder for TensorFlow Datasets, over the authors' folders."""
        from stargan_tf_celeba_hq.celeba_hq_by_sex import Builder

        return Builder()

    def load(
        self, split: str, image_size: int, options: DatasetOptions
    ) -> LabeledImages:
        """Opens one split.

        Args:
            split: `"train"` or `"held_out"`.
            image_size: side of the square images in pixels.
            options: with `labels` and no `data_dir`, the pictures of TensorFlow
                Datasets with the domains of that table, divided by `held_out`; else
                as `SplitFolders`.
        """
        if options.data_dir is None and options.labels is not None:
            return load_by_table(self, split, image_size, options)
        return super().load(split, image_size, options)


CELEBA_HQ = CelebAHQ(
    api_version=1,
    name="celeba_hq",
    description="Faces of women and men, for StarGAN v2; one-hot",
    license="as CelebA: non-commercial research only",
    citation="T. Karras, T. Aila, S. Laine, J. Lehtinen: Progressive Growing of GANs "
    "for Improved Quality, Stability, and Variation, ICLR 2018",
    obtain="Get celeba_hq.zip as https://github.com/clovaai/stargan-v2 says (its "
    "download.sh, 'celeba-hq-dataset') and pass --data_dir celeba_hq.zip.",
    homepage="https://github.com/tkarras/progressive_growing_of_gans",
    labels=one_hot(*DOMAINS),
    held_out_folder="val",
)
