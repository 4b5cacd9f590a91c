"""CelebA for `stargan-tf --dataset celeba`."""

from stargan_tf_celeba.dataset import CELEBA, CELEBA_PARTITION

__all__ = ["CELEBA", "CELEBA_PARTITION"]
