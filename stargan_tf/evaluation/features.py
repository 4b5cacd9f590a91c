"""From images to the features that FID and KID compare."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import tensorflow as tf
from PIL import Image

from stargan_tf.errors import InputError
from stargan_tf.evaluation.feature_summary import SAMPLE_LIMIT, FeatureSummary
from stargan_tf.evaluation.inception import SIZE, WIDTH, build_inception
from stargan_tf.evaluation.protocols import FidProtocol, fid_protocol
from stargan_tf.evaluation.weights import load_weights, set_weights


class FeatureExtractor:
    """Inception under one protocol.

    Args:
        protocol: `"standard"` or `"stargan_v2"`.
        weights: a weights file; None to look for it as `load_weights` does.

    Raises:
        InputError: if there is no such protocol, or its weights are nowhere.
    """

    def __init__(self, protocol: str = "standard", weights: str | None = None):
        self.protocol: FidProtocol = fid_protocol(protocol)
        arrays = load_weights(self.protocol.weights, weights)
        self.network = build_inception(self.protocol.tensorflow_pools)
        set_weights(self.network, arrays)
        self._features = tf.function(
            self._compute, reduce_retracing=True, autograph=False
        )

    def summary(
        self, sample_limit: int = SAMPLE_LIMIT, seed: int = 0
    ) -> FeatureSummary:
        """An empty summary for features of this protocol.

        Args:
            sample_limit: see `FeatureSummary`.
            seed: see `FeatureSummary`.
        """
        return FeatureSummary(self.protocol.name, WIDTH, sample_limit, seed)

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Features of a batch.

        Args:
            images: uint8 (n, h, w, 3); n at any size, the same network runs.

        Returns:
            float32 array (n, 2048).

        Raises:
            InputError: if the images are of another kind.
        """
        if images.dtype != np.uint8 or images.ndim != 4 or images.shape[-1] != 3:
            raise InputError(
                "Images must be uint8 of shape (n, height, width, 3). Received: "
                f"{images.dtype} of shape {images.shape}"
            )
        if self.protocol.resize == "bilinear_uint8":
            images = resize_uint8(images, SIZE)
        return self._features(tf.constant(images)).numpy()

    def _compute(self, images: tf.Tensor) -> tf.Tensor:
        x = tf.cast(images, tf.float32)
        if self.protocol.resize == "bicubic":
            x = resize_float(x, SIZE)
        return self.network((x - self.protocol.shift) / self.protocol.scale)


def resize_float(images: tf.Tensor, size: int) -> tf.Tensor:
    """Bicubic with antialiasing, in floating point, as clean-fid's.

    Args:
        images: float (n, h, w, 3), grey levels 0…255.
        size: side of the result in pixels.

    Returns:
        float (n, size, size, 3), clipped to 0…255 and not rounded.
    """
    images = tf.image.resize(images, (size, size), "bicubic", antialias=True)
    return tf.clip_by_value(images, 0.0, 255.0)


def resize_uint8(images: np.ndarray, size: int) -> np.ndarray:
    """Bilinear with antialiasing and rounding: Pillow on 8-bit images.

    Args:
        images: uint8 (n, h, w, 3).
        size: side of the result in pixels.

    Returns:
        uint8 (n, size, size, 3).
    """

    def one(image: np.ndarray) -> np.ndarray:
        resized = Image.fromarray(image).resize((size, size), Image.Resampling.BILINEAR)
        return np.asarray(resized)

    with ThreadPoolExecutor() as threads:
        return np.stack(list(threads.map(one, images)))
