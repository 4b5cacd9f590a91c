"""Convolutions and dense layers as StarGAN v2 starts them."""

import keras

from stargan_tf.layers.leaky_relu import LeakyReLU
from stargan_tf.layers.separable import separable_convolution

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
    return keras.layers.Conv2D(filters, kernel_size, **kwargs)


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
