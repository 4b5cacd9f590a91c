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
# The longer side of the largest image in the pyramid, and the maximum enlargement of a
# small image.
LONGEST = 8 * TILE
ENLARGEMENT = 2
# MediaPipe's threshold for the whole image. With 0.5 in tiles, car wheels and patterns
# of cloth are detected as small faces.
MIN_SCORE = 0.5
MIN_TILE_SCORE = 0.7
MIN_OVERLAP = 0.3


class Face(NamedTuple):
    """A detected face.

    Coordinates are distances in pixels from the left and top edges of the image.

    Args:
        box: float (2, 2), x and y of the top left and bottom right corners.
        key_points: float (6, 2), x and y of the person's right and left eye, the tip of
            the nose, the mouth, and the right and left ear.
        score: confidence in [0, 1].
    """

    box: np.ndarray
    key_points: np.ndarray
    score: float


class FaceDetector:
    """Detects faces in images of any size.

    The network takes 128 x 128 pixels and detects faces of at least about a sixth of
    that size. It is applied to the whole image first, and then to overlapping tiles of
    the image at two, four, and eight times the resolution.
    """

    def __init__(self):
        outputs = ("regressors", "classificators")
        self._network = Network("face_detection_short_range.tflite", outputs)
        self._anchors = _anchors()

    def levels(self, image: np.ndarray) -> Iterator[list[Face]]:
        """Detects faces level by level, large ones first.

        Args:
            image: uint8 (height, width, 3).

        Yields:
            The faces of each level of the pyramid. A face can occur in several levels.
        """
        photo = Image.fromarray(image)
        longest = min(LONGEST, max(TILE, ENLARGEMENT * max(photo.size)))
        side = TILE
        while side <= longest:
            points, scores = zip(
                *self._search(photo, side / max(photo.size)), strict=True
            )
            points, scores = np.concatenate(points), np.concatenate(scores)
            kept = scores > (MIN_SCORE if side == TILE else MIN_TILE_SCORE)
            yield _blend(points[kept], scores[kept])
            side *= 2

    def _search(
        self, photo: Image.Image, scale: float
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yields the faces of each tile of a level, in pixels of the photo."""
        size = [max(1, round(length * scale)) for length in photo.size]
        level = np.divide(photo.resize(size, Image.Resampling.BILINEAR), 127.5) - 1
        columns, rows = (range(0, max(1, n - STEP), STEP) for n in size)
        # The level is centered on a black canvas.
        end = np.array([columns[-1], rows[-1]]) + TILE
        left, top = start = (end - size) // 2
        canvas = np.full((end[1], end[0], 3), -1, np.float32)
        canvas[top : top + size[1], left : left + size[0]] = level
        for x, y in itertools.product(columns, rows):
            points, scores = self._faces(canvas[y : y + TILE, x : x + TILE])
            # A face cut by an inner edge of the tile is whole in another tile or level.
            corner = np.array([x, y])
            is_cut = (points[:, 0] < 0) & (corner > 0)
            is_cut |= (points[:, 1] > TILE) & (corner + TILE < end)
            is_whole = ~is_cut.any(axis=1)
            points = (points[is_whole] + corner - start) * np.divide(photo.size, size)
            yield points, scores[is_whole]

    def _faces(self, tile: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns corners and key points of faces in a tile, (n, 8, 2), and scores."""
        numbers, logits = self._network(tile)
        scores = 1 / (1 + np.exp(-np.clip(logits[:, 0], -80, 80)))
        kept = scores > MIN_SCORE
        points = numbers[kept].reshape(-1, 8, 2)
        # The first two points are the center, relative to the anchor, and the size.
        halves = points[:, 1] / 2
        points[:, 1] = points[:, 0] + halves
        points[:, 0] -= halves
        return points + self._anchors[kept, None], scores[kept]


def _anchors() -> np.ndarray:
    """Returns the anchors' centers in pixels of a tile, in the order of the outputs."""
    centers = []
    for stride, anchors in ((8, 2), (16, 6)):
        grid = np.arange(stride / 2, TILE, stride, dtype=np.float32)
        x, y = np.meshgrid(grid, grid)
        centers.append(np.repeat(np.stack([x, y], axis=-1).reshape(-1, 2), anchors, 0))
    return np.concatenate(centers)


def _blend(points: np.ndarray, scores: np.ndarray) -> list[Face]:
    """Merges overlapping boxes to their mean, weighted by the scores (section 3.3)."""
    faces = []
    while len(scores):
        best = scores.argmax()
        near = _overlap(points[best], points) > MIN_OVERLAP
        mean = np.average(points[near], axis=0, weights=scores[near])
        faces.append(Face(mean[:2], mean[2:], float(scores[best])))
        points, scores = points[~near], scores[~near]
    return faces


def _overlap(box: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Computes the intersection over union of a box with each of several boxes."""
    sides = np.minimum(box[1], boxes[:, 1]) - np.maximum(box[0], boxes[:, 0])
    common = np.prod(np.maximum(sides, 0), axis=1)
    areas = np.prod(boxes[:, 1] - boxes[:, 0], axis=1)
    return common / (np.prod(box[1] - box[0]) + areas - common)
