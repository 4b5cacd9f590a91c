"""The TensorFlow Datasets package of AFHQ; importing it registers `afhq`."""

from stargan_tf_afhq.afhq.afhq_dataset_builder import Builder

__all__ = ["Builder"]
