"""The TensorFlow Datasets package of FFHQ; importing it registers `ffhq`."""

from stargan_tf_ffhq.ffhq.ffhq_dataset_builder import Builder

__all__ = ["Builder"]
