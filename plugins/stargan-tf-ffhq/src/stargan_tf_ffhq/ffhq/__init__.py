"""FFHQ as TensorFlow Datasets asks for it; importing this registers `ffhq`."""

from stargan_tf_ffhq.ffhq.ffhq_dataset_builder import Builder

__all__ = ["Builder"]
