"""Landmark providers: what finds faces in photos, and their landmarks.

Packages bring them by entry points of the group `stargan_tf.landmarks`. The network of
`wing.ckpt` is one, too.
"""

import functools
import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
from PIL import Image

from stargan_tf.data.pictures import to_float
from stargan_tf.discovery import API_VERSION

if TYPE_CHECKING:
    from stargan_tf.faces.network import LandmarkNetwork

# The least that the median of a face's heat maps reaches; they are trained to reach 1.
# Below it, an image counts as one without a face.
LEAST_PEAK = 0.2


@runtime_checkable
class LandmarkProvider(Protocol):
    """What an entry point of the group `stargan_tf.landmarks` names an object of.

    Deriving from it is not needed. Its module should import quickly: what takes long is
    opened when it is first used.

    Attributes:
        api_version: the `API_VERSION` of `stargan_tf.plugin` it was written against: 1.
        name: that of the entry point.
        version: text that changes whenever its results do; masks that are kept
            belong to it.
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
    """A landmark network as a provider: each image has one face, or none.

    The network marks 98 points on anything. It saw face and little else in training,
    so photos in which the face is small are for other providers.

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
        from stargan_tf.faces.masks import GRID
        from stargan_tf.faces.network import NUM_LANDMARKS, peaks

        photo = Image.fromarray(image)
        # Here, not in the network, whose resizing has no antialiasing.
        small = photo.resize((GRID, GRID), Image.Resampling.BILINEAR)
        heat_maps = self.network(to_float(np.asarray(small))[None])
        heat_maps = np.asarray(heat_maps)[..., :NUM_LANDMARKS]
        if np.median(heat_maps.max(axis=(1, 2))) < LEAST_PEAK:
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
