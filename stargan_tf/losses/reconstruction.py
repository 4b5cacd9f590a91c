"""Distances between images."""

from keras import ops


def mean_absolute_difference(first, second):
    """Mean of |first - second| over everything: cycle and identity terms.

    Args:
        first: images, (batch, height, width, channels).
        second: the same shape.

    Returns:
        Scalar.

    Reference: StarGAN (Choi et al. 2018), equation 4.
    """
    return ops.mean(ops.abs(first - second))
