"""Depthwise-separable convolutions, for generators that run on phones."""

import keras


def depthwise_start(kernel_size):
    """Initial weights of a depthwise kernel: variance 1 / kernel_size², mean 0.

    The variance of what comes in is kept; Keras would count all channels into the
    fan-in, though each output sees only one.

    Args:
        kernel_size: side of the kernel.

    Returns:
        A new Keras initializer.
    """
    return keras.initializers.RandomNormal(stddev=1 / kernel_size)


def separable_convolution(filters, kernel_size, *, start, **kwargs):
    """A `SeparableConv2D`: each channel by itself, then all of them 1×1.

    It takes about 1/kernel_size² of a `Conv2D`'s multiply-adds (Howard et al. 2017,
    MobileNets, section 3.1).

    Args:
        filters: output channels.
        kernel_size: side of the kernel.
        start: initializer of the 1×1 kernel.
        **kwargs: further arguments of `keras.layers.SeparableConv2D`.
    """
    return keras.layers.SeparableConv2D(
        filters,
        kernel_size,
        padding="same",
        data_format="channels_last",
        depthwise_initializer=depthwise_start(kernel_size),
        pointwise_initializer=start,
        **kwargs,
    )
