"""Flickr-Faces-HQ for `stargan-tf datasets save --dataset ffhq` and translation."""

from stargan_tf_ffhq.dataset import FFHQ

__all__ = ["FFHQ"]
