"""Initial weights of the official StarGAN networks (PyTorch's defaults)."""

import math

import keras


def uniform_fan_in():
    """Uniform in ±1/√fan_in: how PyTorch starts convolution kernels.

    Returns:
        A new Keras initializer; for kernels of convolutions, transposed or not.
    """
    return keras.initializers.VarianceScaling(1 / 3, "fan_in", "uniform")


def uniform_bias(fan_in):
    """Uniform in ±1/√fan_in: how PyTorch starts a convolution's bias.

    Args:
        fan_in: inputs of one unit, kernel height × kernel width × input channels.

    Returns:
        A new Keras initializer.
    """
    bound = 1 / math.sqrt(fan_in)
    return keras.initializers.RandomUniform(-bound, bound)
