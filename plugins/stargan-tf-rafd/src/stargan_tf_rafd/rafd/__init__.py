"""The TensorFlow Datasets package of RaFD; importing it registers `rafd`."""

from stargan_tf_rafd.rafd.rafd_dataset_builder import Builder

__all__ = ["Builder"]
