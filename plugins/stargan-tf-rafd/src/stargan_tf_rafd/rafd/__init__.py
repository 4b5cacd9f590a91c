"""RaFD as TensorFlow Datasets asks for it; importing this registers `rafd`."""

from stargan_tf_rafd.rafd.rafd_dataset_builder import Builder

__all__ = ["Builder"]
