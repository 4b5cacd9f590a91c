"""Initial weights of the official StarGAN networks (PyTorch's defaults)."""

import math

import keras

from stargan_tf.layers.activation import LeakyReLU
from stargan_tf.layers.convolution import (
    DoublingConv2D,
    HalvingConv2D,
    SmallImageConv2D,
    separable_convolution,
)


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


# Convolutions and dense layers as StarGAN v2 starts them.

LEAKY_RELU_SLOPE = 0.2


def he_normal(heads=1):
    """Normal with variance 2/fan_in, and not truncated as Keras' `HeNormal` is.

    Args:
        heads: number of matrices stacked along a kernel's first axis, which Keras
            would count into the fan-in.

    Returns:
        A new Keras initializer.

    Reference: StarGAN v2 (Choi et al. 2020), appendix B, "He initialization".
    """
    return keras.initializers.VarianceScaling(
        2.0 * heads, "fan_in", "untruncated_normal"
    )


def he_convolution(filters, kernel_size, **kwargs):
    """A `Conv2D` with "same" zero padding, `he_normal` kernel and zero bias.

    Args:
        filters: output channels.
        kernel_size: side of the kernel.
        **kwargs: further arguments of `keras.layers.Conv2D`.
    """
    kwargs = {"padding": "same", "kernel_initializer": he_normal(), **kwargs}
    return SmallImageConv2D(filters, kernel_size, **kwargs)


def he_halving(filters, **kwargs):
    """`he_convolution` of 3×3, with average pooling to half the size behind it.

    Args:
        filters: output channels.
        **kwargs: further arguments of `HalvingConv2D`.
    """
    return HalvingConv2D(filters, kernel_initializer=he_normal(), **kwargs)


def he_doubling(filters, **kwargs):
    """`he_convolution` of 3×3, with nearest-neighbour doubling before it.

    Args:
        filters: output channels.
        **kwargs: further arguments of `DoublingConv2D`.
    """
    return DoublingConv2D(filters, kernel_initializer=he_normal(), **kwargs)


def he_separable(filters, kernel_size, **kwargs):
    """`he_convolution` made of a depthwise and a 1×1 convolution (not in the paper).

    Args:
        filters: output channels.
        kernel_size: side of the depthwise kernel.
        **kwargs: further arguments of `keras.layers.SeparableConv2D`.
    """
    return separable_convolution(filters, kernel_size, start=he_normal(), **kwargs)


def he_dense(units, **kwargs):
    """A `Dense` with `he_normal` kernel and zero bias.

    Args:
        units: output width.
        **kwargs: further arguments of `keras.layers.Dense`.
    """
    return keras.layers.Dense(units, kernel_initializer=he_normal(), **kwargs)


def leaky_relu(**kwargs):
    """LeakyReLU of slope 0.2, the activation of G, E and D.

    Args:
        **kwargs: further arguments of `LeakyReLU`.
    """
    return LeakyReLU(LEAKY_RELU_SLOPE, **kwargs)
