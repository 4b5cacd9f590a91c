"""Initial weights of the official networks."""

import math

import keras


def uniform_fan_in():
    """Uniform in ±1/√fan_in: how PyTorch starts convolution kernels, transposed too."""
    return keras.initializers.VarianceScaling(1 / 3, "fan_in", "uniform")


def uniform_bias(fan_in):
    """Uniform in ±1/√fan_in: how PyTorch starts a convolution's bias.

    Args:
        fan_in: inputs of one unit, kernel height × kernel width × input channels.
    """
    bound = 1 / math.sqrt(fan_in)
    return keras.initializers.RandomUniform(-bound, bound)


def he_normal(heads=1):
    """Normal with variance 2/fan_in, and not truncated as Keras' `HeNormal` is.

    Args:
        heads: number of matrices stacked along a kernel's first axis, which Keras
            would count into the fan-in.

    Reference: StarGAN v2 (Choi et al. 2020), appendix B, "He initialization".
    """
    return keras.initializers.VarianceScaling(
        2.0 * heads, "fan_in", "untruncated_normal"
    )
