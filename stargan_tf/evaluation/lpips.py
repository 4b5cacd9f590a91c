"""LPIPS: perceptual distance between two images, and diversity of outputs."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from stargan_tf.data.pictures import to_float
from stargan_tf.errors import InputError
from stargan_tf.evaluation.options import check_known
from stargan_tf.evaluation.weights import load_weights, set_weights
from stargan_tf.layers.precision import keras_settings

# Mean and standard deviation of ImageNet, for images in [-1, 1].
SHIFT = np.array([-0.030, -0.088, -0.188], np.float32)
SCALE = np.array([0.458, 0.448, 0.450], np.float32)
EPSILON = 1e-10
# For each of the five feature maps of torchvision's AlexNet and VGG-16: window of the
# max pooling before it (0 for none), filters, kernel size, and number of convolutions.
NETWORKS = {
    "alex": [(0, 64, 11, 1), (3, 192, 5, 1), (3, 384, 3, 1), *[(0, 256, 3, 1)] * 2],
    "vgg": [(0, 64, 3, 2), (2, 128, 3, 2), (2, 256, 3, 3), *[(2, 512, 3, 3)] * 2],
}
# The smallest image side for which the last feature map is not empty.
SMALLEST = {"alex": 31, "vgg": 16}


@keras_settings()
def build_trunk(network: str) -> keras.Model:
    """Builds the convolutional layers of a network, without weights.

    Args:
        network: `"alex"` or `"vgg"`.

    Returns:
        Keras model from float images (n, height, width, 3) in [-1, 1] to five feature
        maps after activation.

    Reference: Krizhevsky 2014, "One weird trick for parallelizing convolutional
        neural networks"; Simonyan and Zisserman 2015, "Very Deep Convolutional
        Networks…".
    """
    inputs = keras.Input((None, None, 3), name="images")
    variance = np.square(SCALE)
    x = layers.Normalization(mean=SHIFT, variance=variance, name="scaled")(inputs)
    maps, position = [], 0
    for pool, filters, kernel, depth in NETWORKS[network]:
        x = layers.MaxPooling2D(pool, 2)(x) if pool else x
        for _ in range(depth):
            is_large = kernel == 11  # AlexNet's first
            x = layers.ZeroPadding2D(2)(x) if is_large else x
            x = layers.Conv2D(
                filters,
                kernel,
                strides=4 if is_large else 1,
                padding="valid" if is_large else "same",
                activation="relu",
                kernel_initializer="zeros",
                name=f"conv_{position}",
            )(x)
            position += 1
        maps.append(x)
    return keras.Model(inputs, maps, name=f"lpips_{network}")


class Lpips:
    """The learned perceptual distance LPIPS, version 0.1.

    Args:
        network: `"alex"`, as in StarGAN v2's paper, or `"vgg"`.
        weights: path of a weights file; None to search for it; see `load_weights`.

    Raises:
        InputError: if the network is unknown, or its weights cannot be loaded.

    Reference: Zhang et al. 2018, "The Unreasonable Effectiveness of Deep Features as
        a Perceptual Metric", equation 1.
    """

    def __init__(self, network: str = "alex", weights: str | None = None):
        check_known(network, NETWORKS, "LPIPS network")
        self.smallest = SMALLEST[network]
        arrays = load_weights(f"lpips_{network}", weights)
        self.protocol = f"lpips_{network}_v0.1"
        self.network = build_trunk(network)
        set_weights(self.network, arrays)
        self._heads = [arrays[f"head_{i}/kernel"] for i in range(5)]
        self._distance = tf.function(
            self._distances, reduce_retracing=True, autograph=False
        )
        self._diversity = tf.function(
            self._diversities, reduce_retracing=True, autograph=False
        )

    def distance(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Computes the distances between pairs of images.

        Args:
            first: images (n, height, width, 3), uint8 or float in [-1, 1] (not
                clipped).
            second: images of the same shape.

        Returns:
            float array (n,); 0 for equal images.

        Raises:
            InputError: if the shapes differ or the images are too small.
        """
        first, second = self._checked(first), self._checked(second)
        if first.shape != second.shape:
            raise InputError(
                "LPIPS needs two batches of the same shape. "
                f"Received: {first.shape} and {second.shape}"
            )
        return self._distance(first, second).numpy()

    def diversity(self, outputs: np.ndarray) -> np.ndarray:
        """Computes the mean distance over all pairs of outputs of each source image.

        Args:
            outputs: images (n, k, height, width, 3) like those of `distance`, k at
                least 2. 10 outputs have 45 pairs.

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
        halves = [tf.split(x, 2) for x in maps]
        return self._weighed([tf.square(a - b) for a, b in halves])

    def _diversities(self, images: tf.Tensor, outputs: int) -> tf.Tensor:
        # The mean of |a − b|² over all pairs of k vectors is twice their unbiased
        # variance, so pairs need not be formed.
        spreads = []
        for x in self._unit_maps(images):
            x = tf.reshape(x, tf.concat([[-1, outputs], tf.shape(x)[1:]], 0))
            variance = tf.math.reduce_variance(x, axis=1)
            spreads.append(variance * (2.0 * outputs / (outputs - 1.0)))
        return self._weighed(spreads)

    def _unit_maps(self, images: tf.Tensor) -> list[tf.Tensor]:
        maps = self.network(images)
        lengths = [tf.norm(x, axis=-1, keepdims=True) for x in maps]
        return [a / (b + EPSILON) for a, b in zip(maps, lengths, strict=True)]

    def _weighed(self, maps: list[tf.Tensor]) -> tf.Tensor:
        """Averages maps over pixels, then sums channels with their weights."""
        pairs = zip(maps, self._heads, strict=True)
        means = [(tf.reduce_mean(x, axis=(1, 2)), head) for x, head in pairs]
        return tf.add_n([tf.tensordot(mean, head, 1) for mean, head in means])

    def _checked(self, images: np.ndarray) -> tf.Tensor:
        if images.ndim != 4 or min(images.shape[1:3]) < self.smallest:
            raise InputError(
                "LPIPS needs images (n, height, width, 3) with sides of at least "
                f"{self.smallest} pixels. Received: shape {images.shape}"
            )
        if images.dtype == np.uint8:
            images = to_float(images)
        return tf.constant(images, tf.float32)
