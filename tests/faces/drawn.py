"""Drawn faces, and a landmark provider that finds them."""

import numpy as np
from PIL import Image, ImageDraw

from stargan_tf.faces import align

SHAPE = align.read_shape()
# The red of the first, the second … face; nothing else in a photo has green 37.
GREEN = 37


def draw(photo, face, number=0):
    """Draws a face into a photo: a dot at each landmark of a similarity of `SHAPE`.

    Args:
        photo: Pillow image in RGB.
        face: (3, 3), pixels of a 256 × 256 image with `SHAPE` → pixels of the photo.

    Returns:
        (98, 2), the landmarks.
    """
    points = align.apply(face, SHAPE)
    radius = max(1.0, 2 * align.scale_of(face))
    canvas = ImageDraw.Draw(photo)
    for x, y in points[[*range(0, 33, 4), 51, 54, 57, 60, 72, 76, 82, 96, 97]]:
        canvas.circle((x, y), radius, (250, 220, 200))
    # So that it is found again: its corners, exactly.
    for place, (x, y) in enumerate(points[[0, 32]].round().astype(int).tolist()):
        photo.putpixel((x, y), (200 + 10 * number + place, GREEN, 0))
    return points


def placed(scale=1.0, degrees=0.0, x=0.0, y=0.0):
    """A similarity for `draw`."""
    factor = scale * np.exp(1j * np.radians(degrees))
    a, b = factor.real, factor.imag
    return np.array([[a, -b, x], [b, a, y], [0, 0, 1]])


class Drawn:
    """Finds the faces that `draw` has drawn, within a pixel."""

    api_version = 1
    name = "drawn"
    version = "1"

    def find(self, image):
        faces = []
        for number in range(5):
            marks = [
                np.argwhere(
                    (image == (200 + 10 * number + place, GREEN, 0)).all(axis=-1)
                )
                for place in (0, 1)
            ]
            if all(len(mark) == 1 for mark in marks):
                left, right = (complex(mark[0, 1], mark[0, 0]) for mark in marks)
                shape = SHAPE[:, 0] + 1j * SHAPE[:, 1]
                factor = (right - left) / (shape[32] - shape[0])
                points = left + factor * (shape - shape[0])
                faces.append(np.stack([points.real, points.imag], axis=-1))
        faces.sort(key=lambda points: -np.ptp(points[:, 1]))
        return np.array(faces, np.float32).reshape(-1, 98, 2)

    def __call__(self, images):
        raise NotImplementedError


DRAWN = Drawn()


def photo(size=(400, 300), color=(60, 90, 120)):
    """A photo without a face."""
    return Image.new("RGB", size, color)
