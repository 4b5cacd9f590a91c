"""Nearest-neighbour doubling in operations that mobile delegates take."""

import tensorflow as tf

from stargan_tf.layers.adain_residual_block import AdaINResidualBlock
from stargan_tf.layers.down_residual_block import DownResidualBlock
from stargan_tf.layers.resampling_convolution import DoublingConv2D


def doubled(images):
    """Height and width doubled, nearest neighbour: `UpSampling2D(2)` without Tile.

    Args:
        images: (batch, height, width, channels).

    Returns:
        (batch, 2·height, 2·width, channels).
    """
    return tf.nn.depth_to_space(tf.concat([images] * 4, axis=-1), 2)


def for_devices(network):
    """Makes a network's blocks resample as devices do it best; the numbers stay.

    Doubling without Tile, and 3×3 convolutions that halve or double not in one pass:
    a file of 4×4 kernels is larger, and transposed ones in 8 bits are slower.

    Args:
        network: a copy of a `GeneratorV2`, which is changed.

    Returns:
        The network.
    """
    for layer in network.layers:
        if isinstance(layer, AdaINResidualBlock):
            layer.doubling = doubled
        if isinstance(layer, AdaINResidualBlock | DownResidualBlock):
            _in_two_passes(layer.conv_1)
    return network


def _in_two_passes(convolution):
    convolution.in_one_pass = False
    if isinstance(convolution, DoublingConv2D):
        convolution.doubling = doubled
