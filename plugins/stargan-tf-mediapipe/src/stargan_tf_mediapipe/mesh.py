"""MediaPipe's face mesh: 468 points of one face.

Reference: Real-time Facial Surface Geometry from Monocular Video on Mobile GPUs
(Kartynnik et al. 2019), section 2 (the crop, and the face presence score).
"""

from typing import NamedTuple

import numpy as np
from PIL import Image

from stargan_tf_mediapipe.network import Network

SIZE = 192
# The side of the crop, as a multiple of the longer side of the box.
MARGIN = 1.5
# Outer corners of the person's right and left eyes, in the mesh.
RIGHT_EYE, LEFT_EYE = 33, 263


class Crop(NamedTuple):
    """A square of an image, turned so that the eyes are level.

    Args:
        center: x, y in pixels.
        side: in pixels.
        angle: from the image's x axis to that of the crop, in radians, clockwise.
    """

    center: np.ndarray
    side: float
    angle: float

    def to_image(self, points: np.ndarray) -> np.ndarray:
        """Brings points from the crop to the image.

        Args:
            points: float (..., 2): x, y from 0 to 1 inside of the crop.

        Returns:
            The points in pixels of the image.
        """
        cosine, sine = np.cos(self.angle), np.sin(self.angle)
        turn = np.array([[cosine, sine], [-sine, cosine]])
        return (points - 0.5) * self.side @ turn + self.center


class Mesh(NamedTuple):
    """The mesh of one face.

    Args:
        points: float32 (468, 3): x, y as distances in pixels from the left and upper
            edges of the image, and depth on the same scale, smaller toward the camera.
        score: from 0 to 1, how certain it is that there is a face.
    """

    points: np.ndarray
    score: float


class FaceMesh:
    """Finds the points of a face whose place is roughly known."""

    def __init__(self):
        self._network = Network("face_landmark.tflite", ("conv2d_21", "conv2d_31"))

    def __call__(self, image: np.ndarray, box: np.ndarray, eyes: np.ndarray) -> Mesh:
        """Finds the points.

        The network runs twice: on the crop that the detector suggests, and on the one
        that follows from the first points, as MediaPipe does from frame to frame.

        Args:
            image: uint8 (height, width, 3).
            box: float (2, 2): x, y of the face's upper left and lower right corner.
            eyes: float (2, 2): x, y of the person's right eye and left eye.

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
    """The crop that the network takes for a face.

    Args:
        box: float (2, 2): x, y of the face's upper left and lower right corner.
        eyes: float (2, 2): x, y of the person's right eye and left eye.
    """
    x, y = eyes[1] - eyes[0]
    side = MARGIN * np.max(box[1] - box[0])
    return Crop((box[0] + box[1]) / 2, float(side), float(np.arctan2(y, x)))


def cut(image: np.ndarray, crop: Crop) -> np.ndarray:
    """Samples a crop bilinearly; beyond the image its outermost pixels continue.

    Args:
        image: uint8 (height, width, 3).
        crop: what to cut out.

    Returns:
        float (192, 192, 3), from 0 to 255.
    """
    # A large face is first reduced, so that no pixel is skipped.
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
