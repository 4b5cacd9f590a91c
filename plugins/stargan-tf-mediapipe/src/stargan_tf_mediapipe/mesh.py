"""MediaPipe's face mesh: 468 points of a face.

Reference: Real-time Facial Surface Geometry from Monocular Video on Mobile GPUs
(Kartynnik et al. 2019), section 2 (the crop, and the face presence score).
"""

from typing import NamedTuple

import numpy as np
from PIL import Image

from stargan_tf_mediapipe.network import Network

SIZE = 192
# Side of the crop, as a multiple of the longer side of the box.
MARGIN = 1.5
# Outer corners of the person's right and left eyes, in the mesh.
RIGHT_EYE, LEFT_EYE = 33, 263


class Crop(NamedTuple):
    """A square crop of an image, rotated so that the eyes are level.

    Args:
        center: x and y in pixels.
        side: side in pixels.
        angle: clockwise angle from the image's x axis to that of the crop, in radians.
    """

    center: np.ndarray
    side: float
    angle: float

    def to_image(self, points: np.ndarray) -> np.ndarray:
        """Converts points from crop coordinates to pixels of the image.

        Args:
            points: float (..., 2), x and y, from 0 to 1 inside the crop.

        Returns:
            float (..., 2), x and y in pixels of the image.
        """
        cosine, sine = np.cos(self.angle), np.sin(self.angle)
        turn = np.array([[cosine, sine], [-sine, cosine]])
        return (points - 0.5) * self.side @ turn + self.center


class Mesh(NamedTuple):
    """The mesh of a face.

    Args:
        points: float32 (468, 3): x and y, distances in pixels from the left and top
            edges of the image, and depth in the same unit, smaller toward the camera.
        score: confidence in [0, 1] that there is a face.
    """

    points: np.ndarray
    score: float


class FaceMesh:
    """Finds the mesh of a face, given its approximate position."""

    def __init__(self):
        self._network = Network("face_landmark.tflite", ("conv2d_21", "conv2d_31"))

    def __call__(self, image: np.ndarray, box: np.ndarray, eyes: np.ndarray) -> Mesh:
        """Finds the mesh.

        The network runs twice: on a crop around the detected face, and on a crop around
        the points of the first run, as MediaPipe does from frame to frame.

        Args:
            image: uint8 (height, width, 3).
            box: float (2, 2), x and y of the top left and bottom right corners of the
                face.
            eyes: float (2, 2), x and y of the person's right and left eye.

        Returns:
            The mesh of the second run.
        """
        mesh = self._run(image, crop_around(box, eyes))
        points = mesh.points[:, :2]
        box = np.stack([points.min(axis=0), points.max(axis=0)])
        return self._run(image, crop_around(box, points[[RIGHT_EYE, LEFT_EYE]]))

    def _run(self, image: np.ndarray, crop: Crop) -> Mesh:
        numbers, logit = self._network(cut(image, crop) / 255)
        points = numbers.reshape(468, 3) / SIZE
        depth = points[:, 2:] * crop.side
        points = np.concatenate([crop.to_image(points[:, :2]), depth], axis=1)
        return Mesh(points.astype(np.float32), float(1 / (1 + np.exp(-logit.item()))))


def crop_around(box: np.ndarray, eyes: np.ndarray) -> Crop:
    """Returns the network's input crop for a face.

    Args:
        box: float (2, 2), x and y of the top left and bottom right corners of the face.
        eyes: float (2, 2), x and y of the person's right and left eye.
    """
    x, y = eyes[1] - eyes[0]
    side = MARGIN * np.max(box[1] - box[0])
    return Crop((box[0] + box[1]) / 2, float(side), float(np.arctan2(y, x)))


def cut(image: np.ndarray, crop: Crop) -> np.ndarray:
    """Samples a crop with bilinear interpolation; border pixels are replicated.

    Args:
        image: uint8 (height, width, 3).
        crop: the crop.

    Returns:
        float (192, 192, 3) in [0, 255].
    """
    # A large face is downsampled first, so that no pixels are skipped.
    factor = max(1, int(crop.side / SIZE))
    if factor > 1:
        image = np.asarray(Image.fromarray(image).reduce(factor))
    grid = (np.arange(SIZE) + 0.5) / SIZE
    points = crop.to_image(np.stack(np.meshgrid(grid, grid), axis=-1)) / factor - 0.5
    height, width = image.shape[:2]
    points = np.clip(points, 0, (width - 1, height - 1))
    x, y = np.moveaxis(points.astype(int), -1, 0)
    right, below = np.minimum(x + 1, width - 1), np.minimum(y + 1, height - 1)
    dx, dy = np.moveaxis(points % 1, -1, 0)[..., None]
    upper = image[y, x] * (1 - dx) + image[y, right] * dx
    lower = image[below, x] * (1 - dx) + image[below, right] * dx
    return upper * (1 - dy) + lower * dy
