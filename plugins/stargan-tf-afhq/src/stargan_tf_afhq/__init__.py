"""Animal Faces-HQ, versions 1 and 2, for `stargan-tf --dataset afhq`."""

from stargan_tf_afhq.dataset import AFHQ, AFHQ_V2

__all__ = ["AFHQ", "AFHQ_V2"]
