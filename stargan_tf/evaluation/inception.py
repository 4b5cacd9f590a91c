"""Inception v3 up to its 2,048 features, in the two variants used for FID.

Layers have the names of torchvision. Batch normalization is folded into the
convolutions when weights are converted, so every step is a convolution with bias and
ReLU.
"""

from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from PIL import Image

from stargan_tf.errors import InputError
from stargan_tf.evaluation.fid import FeatureSummary
from stargan_tf.evaluation.options import PROTOCOLS, STANDARD, check_known
from stargan_tf.evaluation.weights import load_weights, set_weights
from stargan_tf.layers.precision import keras_settings

SIZE, WIDTH = 299, 2048
# Mean and standard deviation of each channel of ImageNet, in gray levels (0 to 255).
IMAGENET_MEAN = (0.485 * 255, 0.456 * 255, 0.406 * 255)
IMAGENET_DEVIATION = (0.229 * 255, 0.224 * 255, 0.225 * 255)


@keras_settings()
def build_inception(tensorflow_pools: bool) -> keras.Model:
    """Builds the network without weights.

    Args:
        tensorflow_pools: whether pooling is that of the original TensorFlow graph of
            2015: averages exclude the padding, and the last block uses max pooling.
            Otherwise pooling is that of torchvision.

    Returns:
        Keras model from scaled float images (n, 299, 299, 3) to features (n, 2048).

    Reference: Szegedy et al. 2015, "Rethinking the Inception Architecture for
        Computer Vision".
    """
    average = _average if tensorflow_pools else _average_with_zeros
    inputs = keras.Input((SIZE, SIZE, 3), name="images")
    x = _stem(inputs)
    for block, pooled in (("Mixed_5b", 32), ("Mixed_5c", 64), ("Mixed_5d", 64)):
        x = _block_a(x, block, pooled, average)
    x = _block_b(x, "Mixed_6a")
    for letter, filters in zip("bcde", (128, 160, 160, 192), strict=True):
        x = _block_c(x, f"Mixed_6{letter}", filters, average)
    x = _block_d(x, "Mixed_7a")
    x = _block_e(x, "Mixed_7b", average)
    x = _block_e(x, "Mixed_7c", _maximum if tensorflow_pools else average)
    x = layers.GlobalAveragePooling2D(name="features")(x)
    return keras.Model(inputs, x, name="inception_v3")


def _stem(x):
    x = _chain(x, "", ("Conv2d_1a_3x3", 32, 3, 2, "valid"))
    x = _chain(x, "", ("Conv2d_2a_3x3", 32, 3, 1, "valid"), ("Conv2d_2b_3x3", 64, 3))
    x = layers.MaxPooling2D(3, 2)(x)
    x = _chain(x, "", ("Conv2d_3b_1x1", 80, 1), ("Conv2d_4a_3x3", 192, 3, 1, "valid"))
    return layers.MaxPooling2D(3, 2)(x)


def _block_a(x, name, pooled, average):
    single = _chain(x, name, ("branch1x1", 64, 1))
    five = _chain(x, name, ("branch5x5_1", 48, 1), ("branch5x5_2", 64, 5))
    three = _chain(x, name, ("branch3x3dbl_1", 64, 1), ("branch3x3dbl_2", 96, 3))
    three = _chain(three, name, ("branch3x3dbl_3", 96, 3))
    pool = _chain(average(x), name, ("branch_pool", pooled, 1))
    return layers.Concatenate(name=name)([single, five, three, pool])


def _block_b(x, name):
    three = _chain(x, name, ("branch3x3", 384, 3, 2, "valid"))
    double = _chain(x, name, ("branch3x3dbl_1", 64, 1), ("branch3x3dbl_2", 96, 3))
    double = _chain(double, name, ("branch3x3dbl_3", 96, 3, 2, "valid"))
    pool = layers.MaxPooling2D(3, 2)(x)
    return layers.Concatenate(name=name)([three, double, pool])


def _block_c(x, name, filters, average):
    wide, tall = (1, 7), (7, 1)
    single = _chain(x, name, ("branch1x1", 192, 1))
    seven = _chain(x, name, ("branch7x7_1", filters, 1), ("branch7x7_2", filters, wide))
    seven = _chain(seven, name, ("branch7x7_3", 192, tall))
    double = _chain(x, name, ("branch7x7dbl_1", filters, 1))
    for step, kernel, width in ((2, tall, filters), (3, wide, filters)):
        double = _chain(double, name, (f"branch7x7dbl_{step}", width, kernel))
    for step, kernel, width in ((4, tall, filters), (5, wide, 192)):
        double = _chain(double, name, (f"branch7x7dbl_{step}", width, kernel))
    pool = _chain(average(x), name, ("branch_pool", 192, 1))
    return layers.Concatenate(name=name)([single, seven, double, pool])


def _block_d(x, name):
    three = _chain(x, name, ("branch3x3_1", 192, 1))
    three = _chain(three, name, ("branch3x3_2", 320, 3, 2, "valid"))
    seven = _chain(x, name, ("branch7x7x3_1", 192, 1), ("branch7x7x3_2", 192, (1, 7)))
    seven = _chain(seven, name, ("branch7x7x3_3", 192, (7, 1)))
    seven = _chain(seven, name, ("branch7x7x3_4", 192, 3, 2, "valid"))
    pool = layers.MaxPooling2D(3, 2)(x)
    return layers.Concatenate(name=name)([three, seven, pool])


def _block_e(x, name, pooling):
    wide, tall = (1, 3), (3, 1)
    single = _chain(x, name, ("branch1x1", 320, 1))
    three = _chain(x, name, ("branch3x3_1", 384, 1))
    threes = [
        _chain(three, name, ("branch3x3_2a", 384, wide)),
        _chain(three, name, ("branch3x3_2b", 384, tall)),
    ]
    double = _chain(x, name, ("branch3x3dbl_1", 448, 1), ("branch3x3dbl_2", 384, 3))
    doubles = [
        _chain(double, name, ("branch3x3dbl_3a", 384, wide)),
        _chain(double, name, ("branch3x3dbl_3b", 384, tall)),
    ]
    pool = _chain(pooling(x), name, ("branch_pool", 192, 1))
    return layers.Concatenate(name=name)([single, *threes, *doubles, pool])


def _chain(x, block, *steps):
    """Applies convolutions in sequence: (name, filters, kernel[, stride, padding])."""
    for name, filters, kernel, *rest in steps:
        strides, padding = rest or (1, "same")
        name = f"{block}.{name}" if block else name
        x = layers.Conv2D(
            filters,
            kernel,
            strides,
            padding,
            activation="relu",
            kernel_initializer="zeros",
            name=name,
        )(x)
    return x


def _average(x):
    return layers.AveragePooling2D(3, 1, "same")(x)


def _average_with_zeros(x):
    return layers.AveragePooling2D(3, 1, "valid")(layers.ZeroPadding2D(1)(x))


def _maximum(x):
    return layers.MaxPooling2D(3, 1, "same")(x)


class FeatureExtractor:
    """Computes Inception features with the preprocessing of a protocol.

    Args:
        protocol: `"standard"` or `"stargan_v2"`.
        weights: path of a weights file; None to search for it; see `load_weights`.

    Raises:
        InputError: if the protocol is unknown, or its weights cannot be loaded.
    """

    def __init__(self, protocol: str = "standard", weights: str | None = None):
        check_known(protocol, PROTOCOLS, "FID protocol")
        self.protocol = protocol
        arrays = load_weights(PROTOCOLS[protocol], weights)
        self.network = build_inception(tensorflow_pools=protocol == STANDARD)
        set_weights(self.network, arrays)
        self._features = tf.function(
            self._compute, reduce_retracing=True, autograph=False
        )

    def summary(self, seed: int = 0) -> FeatureSummary:
        """Returns an empty summary for these features; see `FeatureSummary`."""
        return FeatureSummary(self.protocol, WIDTH, seed=seed)

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Computes features, float32 (n, 2048), of uint8 images (n, h, w, 3)."""
        if images.dtype != np.uint8 or images.ndim != 4 or images.shape[-1] != 3:
            raise InputError(
                "Images must be uint8 of shape (n, height, width, 3). Received: "
                f"{images.dtype} of shape {images.shape}"
            )
        if self.protocol != STANDARD:
            images = resize_uint8(images, SIZE)
        return self._features(tf.constant(images)).numpy()

    def _compute(self, images: tf.Tensor) -> tf.Tensor:
        x = tf.cast(images, tf.float32)
        if self.protocol == STANDARD:
            return self.network((resize_float(x, SIZE) - 128.0) / 128.0)
        return self.network((x - IMAGENET_MEAN) / IMAGENET_DEVIATION)


def resize_float(images: tf.Tensor, size: int) -> tf.Tensor:
    """Resizes images in floating point (bicubic, antialiased), like clean-fid.

    Args:
        images: float (n, height, width, 3) in [0, 255].
        size: side of the result in pixels.

    Returns:
        float (n, size, size, 3), clipped to [0, 255] and not rounded.
    """
    images = tf.image.resize(images, (size, size), "bicubic", antialias=True)
    return tf.clip_by_value(images, 0.0, 255.0)


def resize_uint8(images: np.ndarray, size: int) -> np.ndarray:
    """Resizes 8-bit images with Pillow (bilinear, antialiased, rounded).

    Args:
        images: uint8 (n, height, width, 3).
        size: side of the result in pixels.

    Returns:
        uint8 (n, size, size, 3).
    """

    def resize(image: np.ndarray) -> np.ndarray:
        resized = Image.fromarray(image).resize((size, size), Image.Resampling.BILINEAR)
        return np.asarray(resized)

    with ThreadPoolExecutor() as threads:
        return np.stack(list(threads.map(resize, images)))
