"""AFHQ as TensorFlow Datasets asks for it; importing this registers `afhq`."""

from stargan_tf_afhq.afhq.afhq_dataset_builder import Builder

__all__ = ["Builder"]
