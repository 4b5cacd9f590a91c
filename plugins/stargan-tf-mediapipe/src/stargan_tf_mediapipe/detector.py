"""MediaPipe's short-range face detector, on tiles of an image pyramid.

Reference: BlazeFace (Bazarevsky et al. 2019), sections 3.2 (anchors) and 3.3 (blending
of overlapping boxes).
"""

import itertools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from PIL import Image

from stargan_tf_mediapipe.network import Network

TILE = 128
STEP = TILE // 2
# The longer side of the largest image in the pyramid, and how far a small image is
# enlarged to reach it.
LONGEST = 8 * TILE
ENLARGEMENT = 2
MIN_SCORE = 0.5
MIN_OVERLAP = 0.3


class Face(NamedTuple):
    """A face that the detector found.

    Coordinates are distances in pixels from the left and upper edges of the image.

    Args:
        box: float32 (4,): left, top, right, and bottom.
        key_points: float32 (6, 2): x, y of the person's right eye and left eye, the tip
            of the nose, the mouth, and the right and left ears.
        score: from 0 to 1.
    """

    box: np.ndarray
    key_points: np.ndarray
    score: float


class FaceDetector:
    """Finds faces in images of any size.

    The network sees 128 x 128 pixels and finds faces from about a sixth of that. So it
    searches the whole image first, and then overlapping tiles of it at two, four, and
    eight times the resolution.
    """

    def __init__(self):
        outputs = ("regressors", "classificators")
        self._network = Network("face_detection_short_range.tflite", outputs)
        self._anchors = _anchors()

    def levels(self, image: np.ndarray) -> Iterator[list[Face]]:
        """Finds the faces, the large ones first.

        Args:
            image: uint8 (height, width, 3).

        Yields:
            The faces of each level of the pyramid. A face can be in several levels.
        """
        photo = Image.fromarray(image)
        longest = min(LONGEST, max(TILE, ENLARGEMENT * max(photo.size)))
        side = TILE
        while side <= longest:
            tiles = list(self._search(photo, side / max(photo.size)))
            yield _blend(np.concatenate(tiles))
            side *= 2

    def _search(self, photo: Image.Image, scale: float) -> Iterator[np.ndarray]:
        """Yields the faces of each tile of one level."""
        size = [max(1, round(length * scale)) for length in photo.size]
        level = np.divide(photo.resize(size, Image.Resampling.BILINEAR), 127.5) - 1
        columns, rows = (range(0, max(1, n - STEP), STEP) for n in size)
        # Black around the level, which is in the middle.
        end = np.array([columns[-1], rows[-1]]) + TILE
        left, top = start = (end - size) // 2
        canvas = np.full((end[1], end[0], 3), -1, np.float32)
        canvas[top : top + size[1], left : left + size[0]] = level
        for corner in itertools.product(columns, rows):
            x, y = corner
            faces = self._faces(canvas[y : y + TILE, x : x + TILE])
            points = faces[:, :16].reshape(-1, 8, 2)
            points += np.float32(corner)
            # What an inner edge of the tile cuts is whole in another tile or level.
            before = (points[:, 0] < corner) & (np.array(corner) > 0)
            after = (points[:, 1] > np.add(corner, TILE)) & (end > np.add(corner, TILE))
            points -= np.float32(start)
            points *= np.float32(np.divide(photo.size, size))
            yield faces[~(before | after).any(axis=1)]

    def _faces(self, tile: np.ndarray) -> np.ndarray:
        """The faces of a tile: a box, six points, and a score in each row."""
        numbers, logits = self._network(tile)
        rows = logits[:, 0] > np.log(MIN_SCORE / (1 - MIN_SCORE))
        points = numbers[rows].reshape(-1, 8, 2)
        centers = points[:, 0] + self._anchors[rows]
        halves = points[:, 1] / 2
        points[:, 2:] += self._anchors[rows, None]
        points[:, 0], points[:, 1] = centers - halves, centers + halves
        scores = 1 / (1 + np.exp(-logits[rows]))
        return np.concatenate([points.reshape(-1, 16), scores], axis=1)


def _anchors() -> np.ndarray:
    """Centers of the anchors in pixels of a tile, in the order of the outputs."""
    centers = []
    for stride, anchors in ((8, 2), (16, 6)):
        grid = np.arange(stride / 2, TILE, stride, dtype=np.float32)
        x, y = np.meshgrid(grid, grid)
        centers.append(np.repeat(np.stack([x, y], axis=-1).reshape(-1, 2), anchors, 0))
    return np.concatenate(centers)


def _blend(rows: np.ndarray) -> list[Face]:
    """Joins overlapping boxes by their mean, weighted by score (section 3.3)."""
    rows = rows[np.argsort(-rows[:, 16], kind="stable")]
    faces = []
    while len(rows):
        near = _overlap(rows[0, :4], rows[:, :4]) > MIN_OVERLAP
        mean = np.average(rows[near, :16], axis=0, weights=rows[near, 16])
        faces.append(Face(mean[:4], mean[4:].reshape(6, 2), float(rows[0, 16])))
        rows = rows[~near]
    return faces


def _overlap(box: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Intersection over union of a box with each of several."""
    sides = np.minimum(box[2:], boxes[:, 2:]) - np.maximum(box[:2], boxes[:, :2])
    common = np.prod(np.maximum(sides, 0), axis=1)
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    return common / (np.prod(box[2:] - box[:2]) + areas - common)
