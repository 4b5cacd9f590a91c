"""CelebA-HQ, female and male, for `stargan-tf --dataset celeba_hq`."""

from stargan_tf_celeba_hq.dataset import CELEBA_HQ

__all__ = ["CELEBA_HQ"]
