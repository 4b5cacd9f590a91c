"""The convolutional parts of AlexNet and VGG-16 that LPIPS looks through."""

import keras
import numpy as np
from keras import layers

from stargan_tf.precision import keras_settings

# The mean and the deviation of ImageNet's pixels, for images in [-1, 1].
SHIFT = np.array([-0.030, -0.088, -0.188], np.float32)
SCALE = np.array([0.458, 0.448, 0.450], np.float32)

_VGG = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))


@keras_settings()
def build_alexnet() -> keras.Model:
    """AlexNet as torchvision has it, without weights.

    Returns:
        A model: float images (n, h, w, 3) in [-1, 1] → five activated feature maps.

    Reference: Krizhevsky 2014, "One weird trick for parallelizing convolutional
        neural networks".
    """
    inputs = keras.Input((None, None, 3), name="images")
    x = layers.ZeroPadding2D(2)(_scaled(inputs))
    x = first = _convolution(x, 0, 64, 11, 4, "valid")
    x = second = _convolution(layers.MaxPooling2D(3, 2)(x), 1, 192, 5)
    x = third = _convolution(layers.MaxPooling2D(3, 2)(x), 2, 384, 3)
    x = fourth = _convolution(x, 3, 256, 3)
    fifth = _convolution(x, 4, 256, 3)
    maps = [first, second, third, fourth, fifth]
    return keras.Model(inputs, maps, name="lpips_alex")


@keras_settings()
def build_vgg() -> keras.Model:
    """VGG-16 without weights.

    Returns:
        A model: float images (n, h, w, 3) in [-1, 1] → five activated feature maps.

    Reference: Simonyan and Zisserman 2015, "Very Deep Convolutional Networks…".
    """
    inputs = keras.Input((None, None, 3), name="images")
    x, maps, position = _scaled(inputs), [], 0
    for filters, depth in _VGG:
        x = layers.MaxPooling2D(2)(x) if maps else x
        for _ in range(depth):
            x = _convolution(x, position, filters, 3)
            position += 1
        maps.append(x)
    return keras.Model(inputs, maps, name="lpips_vgg")


def _scaled(x):
    variance = np.square(SCALE)
    return layers.Normalization(mean=SHIFT, variance=variance, name="scaled")(x)


def _convolution(x, position, filters, kernel, strides=1, padding="same"):
    return layers.Conv2D(
        filters,
        kernel,
        strides,
        padding,
        activation="relu",
        kernel_initializer="zeros",
        name=f"conv_{position}",
    )(x)
