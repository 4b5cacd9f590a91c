"""The TensorFlow Datasets package of labeled CelebA-HQ; importing it registers it."""

from stargan_tf_celeba_hq.celeba_hq_by_sex.celeba_hq_by_sex_dataset_builder import (
    Builder,
)

__all__ = ["Builder"]
