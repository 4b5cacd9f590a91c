"""The definition of CelebA-HQ with two domains, female and male.

The images themselves have no labels. They are available in two distributions:

* the folder or zip of StarGAN v2's authors, `train/female/…` to `val/male/…`;
* `celeb_a_hq` of TensorFlow Datasets, without labels, together with the table of
  attributes of CelebAMask-HQ, which has a row for the number of each image.
"""

from typing import TYPE_CHECKING

from stargan_tf.plugin import DatasetOptions, LabeledImages, SplitFolders, one_hot
from stargan_tf_celeba_hq.unlabeled import load_by_table

if TYPE_CHECKING:
    import tensorflow_datasets as tfds

DOMAINS = ("female", "male")


class CelebAHQ(SplitFolders):
    """CelebA-HQ by sex, the training data of StarGAN v2."""

    def builder(self) -> "tfds.core.DatasetBuilder":
        """Returns the builder for TensorFlow Datasets in this package."""
        from stargan_tf_celeba_hq.celeba_hq_by_sex import Builder

        return Builder()

    def load(
        self, split: str, image_size: int, options: DatasetOptions
    ) -> LabeledImages:
        """Loads a split.

        Args:
            split: `"train"` or `"held_out"`.
            image_size: side of the square images in pixels.
            options: options of the data set. With `labels` and without `data_dir`,
                images come from TensorFlow Datasets, their domains from this table, and
                the splits depend on `held_out`. Otherwise `data_dir`, `attributes`
                (domains), `crop_size`, and `fit` are used.

        Raises:
            InputError: if files or labels are missing.
        """
        if options.data_dir is None and options.labels is not None:
            return load_by_table(self, split, image_size, options)
        return super().load(split, image_size, options)


CELEBA_HQ = CelebAHQ(
    api_version=1,
    name="celeba_hq",
    description="Faces of women and men, for StarGAN v2; one-hot",
    license="like CelebA: noncommercial research only",
    citation="T. Karras, T. Aila, S. Laine, J. Lehtinen: Progressive Growing of GANs "
    "for Improved Quality, Stability, and Variation, ICLR 2018",
    obtain="Download celeba_hq.zip as described at https://github.com/clovaai/"
    "stargan-v2 (download.sh, 'celeba-hq-dataset') and pass --data_dir celeba_hq.zip.",
    homepage="https://github.com/tkarras/progressive_growing_of_gans",
    labels=one_hot(*DOMAINS),
    held_out_folder="val",
)
