"""LPIPS: how different two images look, and how diverse a model's outputs are."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from stargan_tf.data.pictures import to_float
from stargan_tf.errors import InputError, near_names
from stargan_tf.evaluation.weights import load_weights, set_weights
from stargan_tf.layers.precision import keras_settings

# The convolutional parts of AlexNet and VGG-16 that LPIPS looks through.

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


# Builder, and the smallest side that leaves a pixel in the last feature map.
NETWORKS = {"alex": (build_alexnet, 31), "vgg": (build_vgg, 16)}
EPSILON = 1e-10


class Lpips:
    """The learned perceptual distance (version 0.1).

    Args:
        network: `"alex"` (what StarGAN v2's paper reports) or `"vgg"`.
        weights: a weights file; None to look for it as `load_weights` does.

    Raises:
        InputError: if there is no such network, or its weights are nowhere.

    Reference: Zhang et al. 2018, "The Unreasonable Effectiveness of Deep Features as
        a Perceptual Metric", equation 1.
    """

    def __init__(self, network: str = "alex", weights: str | None = None):
        if network not in NETWORKS:
            known = near_names(network, NETWORKS)
            raise InputError(f"There is no LPIPS network '{network}'. {known}")
        build, self.smallest = NETWORKS[network]
        arrays = load_weights(f"lpips_{network}", weights)
        self.protocol = f"lpips_{network}_v0.1"
        self.network = build()
        set_weights(self.network, arrays)
        self._heads = [arrays[f"head_{i}/kernel"] for i in range(5)]
        self._distance = tf.function(
            self._distances, reduce_retracing=True, autograph=False
        )
        self._diversity = tf.function(
            self._diversities, reduce_retracing=True, autograph=False
        )

    def distance(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Distance of each image to the one at the same place.

        Args:
            first: images (n, h, w, 3): uint8, or float in [-1, 1] (not clipped).
            second: images of the same shape.

        Returns:
            float array (n,); 0 for equal images.

        Raises:
            InputError: if the shapes differ or the images are too small.
        """
        first, second = self._checked(first), self._checked(second)
        if first.shape != second.shape:
            raise InputError(
                "LPIPS needs two batches of one shape. "
                f"Received: {first.shape} and {second.shape}"
            )
        return self._distance(first, second).numpy()

    def diversity(self, outputs: np.ndarray) -> np.ndarray:
        """Mean distance over all pairs of the outputs of one source (10 make 45).

        Args:
            outputs: images (n, k, h, w, 3) as in `distance`, k at least 2.

        Returns:
            float array (n,).

        Raises:
            InputError: if there are fewer than two outputs.
        """
        if outputs.ndim != 5 or outputs.shape[1] < 2:
            raise InputError(
                "Diversity needs images (sources, outputs, height, width, 3) with at "
                f"least 2 outputs each. Received: shape {outputs.shape}"
            )
        flat = self._checked(outputs.reshape(-1, *outputs.shape[2:]))
        return self._diversity(flat, outputs.shape[1]).numpy()

    def _distances(self, first: tf.Tensor, second: tf.Tensor) -> tf.Tensor:
        maps = self._unit_maps(tf.concat([first, second], axis=0))
        halves = [tf.split(one, 2) for one in maps]
        return self._weighed([tf.square(a - b) for a, b in halves])

    def _diversities(self, images: tf.Tensor, outputs: int) -> tf.Tensor:
        # The mean of |a − b|² over all pairs of k vectors is twice their variance
        # (with k − 1), so that no pair has to be formed.
        spreads = []
        for one in self._unit_maps(images):
            one = tf.reshape(one, tf.concat([[-1, outputs], tf.shape(one)[1:]], 0))
            variance = tf.math.reduce_variance(one, axis=1)
            spreads.append(variance * (2.0 * outputs / (outputs - 1.0)))
        return self._weighed(spreads)

    def _unit_maps(self, images: tf.Tensor) -> list[tf.Tensor]:
        maps = self.network(images)
        lengths = [tf.norm(one, axis=-1, keepdims=True) for one in maps]
        return [a / (b + EPSILON) for a, b in zip(maps, lengths, strict=True)]

    def _weighed(self, maps: list[tf.Tensor]) -> tf.Tensor:
        """Mean over the places of each map, sum over channels with their weights."""
        pairs = zip(maps, self._heads, strict=True)
        means = [(tf.reduce_mean(one, axis=(1, 2)), head) for one, head in pairs]
        return tf.add_n([tf.tensordot(mean, head, 1) for mean, head in means])

    def _checked(self, images: np.ndarray) -> tf.Tensor:
        if images.ndim != 4 or min(images.shape[1:3]) < self.smallest:
            raise InputError(
                f"LPIPS needs images of at least {self.smallest} pixels, "
                f"(n, height, width, 3). Received: shape {images.shape}"
            )
        if images.dtype == np.uint8:
            images = to_float(images)
        return tf.constant(images, tf.float32)
