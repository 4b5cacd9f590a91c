"""Landmark providers: they find faces in photos, and the landmarks of each face.

Packages add them by entry points of the group `stargan_tf.landmarks`. The network of
`wing.ckpt` is another one.
"""

import functools
import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
from PIL import Image

from stargan_tf.data.pictures import to_float
from stargan_tf.discovery import API_VERSION
from stargan_tf.faces.align import NUM_LANDMARKS

if TYPE_CHECKING:
    from stargan_tf.faces.network import LandmarkNetwork


@runtime_checkable
class LandmarkProvider(Protocol):
    """The interface of the objects in the group `stargan_tf.landmarks`.

    A provider need not derive from this class. Its module should import quickly, and
    load networks when they are first used.

    Attributes:
        api_version: the `API_VERSION` of `stargan_tf.plugin` it was written against: 1.
        name: that of the entry point.
        version: text that changes whenever its results do; cached masks depend on it.
    """

    api_version: int
    name: str
    version: str

    def find(self, image: np.ndarray) -> np.ndarray:
        """Finds all faces in a photo.

        Args:
            image: uint8 (height, width, 3), of any size.

        Returns:
            float32 (faces, 98, 2): x, y in pixels of the image, the center of the
            first pixel being (0, 0). The landmarks are in the order of WFLW: 0 to 32
            contour, 33 to 50 eyebrows, 51 to 59 nose, 60 to 75 eyes, 76 to 95 mouth, 96
            and 97 pupils. The largest face comes first; (0, 98, 2) if there is none.
        """

    def __call__(self, images: Any) -> Any:
        """Makes masks, for `StarGANV2.set_mask_provider`.

        Args:
            images: float (batch, size, size, 3) in [-1, 1].

        Returns:
            float32 (batch, size, size, 2) in [0, 1].
        """


class NetworkProvider:
    """A landmark network as a provider: it finds one face in an image, or none.

    The network has no face detector. It was trained on images that a face fills, so the
    face must fill most of the photo.

    Args:
        network: the network.
        name: what messages call it.
    """

    api_version = API_VERSION

    def __init__(self, network: "LandmarkNetwork", name: str):
        self.network, self.name = network, name

    @functools.cached_property
    def version(self) -> str:
        """SHA-256 of the weights."""
        digest = hashlib.sha256()
        for weights in self.network.get_weights():
            digest.update(np.ascontiguousarray(weights).data)
        return digest.hexdigest()

    def find(self, image: np.ndarray) -> np.ndarray:
        """Finds the face; see `LandmarkProvider.find`."""
        # They import Keras.
        from stargan_tf.faces.masks import GRID, THRESHOLD
        from stargan_tf.faces.network import peaks

        photo = Image.fromarray(image)
        # Here, not in the network, whose resizing has no antialiasing.
        small = photo.resize((GRID, GRID), Image.Resampling.BILINEAR)
        heat_maps = self.network(to_float(np.asarray(small))[None])
        heat_maps = np.asarray(heat_maps)[..., :NUM_LANDMARKS]
        # At a landmark, heat maps are about 1. If most stay below the value that masks
        # count as nothing, there is no face. Other images pass, face or not: telling
        # them apart takes a detector.
        if np.median(heat_maps.max(axis=(1, 2))) < THRESHOLD:
            return np.zeros((0, NUM_LANDMARKS, 2), np.float32)
        # Shares of the sides count from the image's corner.
        return np.asarray(peaks(heat_maps)) * np.float32(photo.size) - np.float32(0.5)

    def __call__(self, images: Any) -> Any:
        """The masks of images; see `LandmarkNetwork.masks`."""
        return self._masks(images)

    @functools.cached_property
    def _masks(self) -> Callable[[Any], Any]:
        import tensorflow as tf

        # As a graph: its hundred layers one by one take twice as long.
        return tf.function(self.network.masks, reduce_retracing=True, autograph=False)
