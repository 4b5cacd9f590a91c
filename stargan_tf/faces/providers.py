"""Landmark providers: they find faces in photos, and the landmarks of each face.

Packages add them by entry points of the group `stargan_tf.landmarks`. The network of
`wing.ckpt` is another one.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from stargan_tf.discovery import API_VERSION, LANDMARKS
from stargan_tf.errors import InputError, near_names
from stargan_tf.files import temporary_folder, user_path
from stargan_tf.pretrained import is_official

if TYPE_CHECKING:
    from stargan_tf.faces.network import LandmarkNetwork

_TORCH_ENDINGS = (".ckpt", ".pth", ".pt", ".safetensors")


@runtime_checkable
class LandmarkProvider(Protocol):
    """The interface of the objects in the group `stargan_tf.landmarks`.

    A provider need not derive from this class. Its module should import quickly, and
    load networks when they are first used.

    Attributes:
        api_version: the `API_VERSION` of `stargan_tf.plugin` it was written against: 1.
        name: the name of the entry point.
    """

    api_version: int
    name: str

    def find(self, image: np.ndarray) -> np.ndarray:
        """Finds all faces in a photo.

        Args:
            image: uint8 (height, width, 3), of any size.

        Returns:
            float32 (faces, 98, 2): x, y in pixels of the image, where the center of
            the first pixel is (0, 0). The landmarks are in the order of WFLW: 0 to 32
            contour, 33 to 50 eyebrows, 51 to 59 nose, 60 to 75 eyes, 76 to 95 mouth, 96
            and 97 pupils. The largest face comes first. (0, 98, 2) if there is no face.
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

    def find(self, image: np.ndarray) -> np.ndarray:
        """Finds the face; see `LandmarkProvider.find`."""
        from PIL import Image

        from stargan_tf.data.pictures import to_float
        from stargan_tf.faces.masks import FAINT, GRID
        from stargan_tf.faces.network import NUM_LANDMARKS, peaks

        photo = Image.fromarray(image)
        # Resized here, because the network resizes without antialiasing.
        small = photo.resize((GRID, GRID), Image.Resampling.BILINEAR)
        heat_maps = self.network(to_float(np.asarray(small))[None])
        heat_maps = np.asarray(heat_maps)[..., :NUM_LANDMARKS]
        # At a landmark, heat maps are about 1. If most stay below the value that masks
        # count as nothing, there is no face. Other images pass, face or not: telling
        # them apart takes a detector.
        if np.median(heat_maps.max(axis=(1, 2))) < FAINT:
            return np.zeros((0, NUM_LANDMARKS, 2), np.float32)
        # The peaks are given from the corner of the image.
        return np.asarray(peaks(heat_maps)) * np.float32(photo.size) - np.float32(0.5)

    def __call__(self, images: Any) -> Any:
        """The masks of images; see `LandmarkNetwork.masks`."""
        return self.network.masks(images)


def landmark_provider(name: str) -> LandmarkProvider:
    """Opens a landmark provider.

    Args:
        name: of an installed provider, or what `stargan_tf.load_model` opens as a
            landmark network, such as the folder of an import of `wing.ckpt`, or the
            folder of a model that was imported with its landmark network, or
            `wing.ckpt` itself.

    Raises:
        InputError: if there is no such provider, its package is broken, or the path
            holds something else.
        ImportError: for `wing.ckpt` without PyTorch.
    """
    installed = LANDMARKS.installed()
    if name in installed:
        return LANDMARKS.load(name)
    if needs_tensorflow(name):
        return NetworkProvider(_network(name, user_path(name)), name)
    advice = near_names(name, installed)
    if not installed:
        advice = "None is installed. The package stargan-tf-mediapipe contains one."
    raise InputError(
        f"There is no landmark provider '{name}'. Expected the name of an installed "
        "one, the folder of 'stargan-tf import wing.ckpt', or wing.ckpt itself. "
        + advice
    )


def needs_tensorflow(name: str) -> bool:
    """Whether `landmark_provider` opens a network."""
    is_elsewhere = "://" in name or is_official(name)
    is_place = is_elsewhere or os.path.exists(user_path(name))
    return is_place and name not in LANDMARKS.installed()


def _network(name: str, path: Path) -> "LandmarkNetwork":
    from stargan_tf.faces.network import LandmarkNetwork
    from stargan_tf.training.run_folder import LANDMARKS_FILE, load_model

    if (path / LANDMARKS_FILE).is_file():  # Beside a model, or alone.
        path = path / LANDMARKS_FILE
    if path.suffix.lower() in _TORCH_ENDINGS:
        from stargan_tf.convert.write import import_checkpoint

        with temporary_folder() as folder:
            import_checkpoint([path], folder / "landmarks")
            return _network(name, folder / "landmarks")
    found = load_model(path if path.exists() else name)
    if not isinstance(found, LandmarkNetwork):
        raise InputError(
            f"Expected a network that finds landmarks. Received: {name}, which holds a "
            f"{type(found).__name__} without one. Give an installed landmark provider, "
            "or the folder of 'stargan-tf import wing.ckpt'."
        )
    return found
