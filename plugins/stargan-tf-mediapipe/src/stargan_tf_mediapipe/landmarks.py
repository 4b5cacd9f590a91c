"""The 98 landmarks of WFLW, from the 468 points of MediaPipe's face mesh.

The mesh has lines along the same edges of the face. The landmarks of an edge are placed
on its line at equal distances, like the annotations of WFLW.

Reference: Look at Boundary (Wu et al. 2018), section 4 (WFLW and its 98 landmarks).
"""

import numpy as np

# Landmarks, and the mesh points of the line on which they are placed; the first and the
# last landmark are at its ends. "Left" and "right" are as seen in the image, so the
# left eye is the person's right eye.
LINES = (
    # Contour from the left temple, at the height of the eyes, around the chin.
    (
        range(33),
        (
            *(127, 234, 93, 132, 58, 172, 136, 150, 149, 176, 148),
            152,
            *(377, 400, 378, 379, 365, 397, 288, 361, 323, 454, 356),
        ),
    ),
    # Left eyebrow: the upper edge toward the nose, the lower edge back.
    (range(33, 38), (70, 63, 105, 66, 107)),
    (range(38, 42), (55, 65, 52, 53)),
    # Right eyebrow: the upper edge away from the nose, the lower edge back.
    (range(42, 47), (336, 296, 334, 293, 300)),
    (range(47, 51), (283, 282, 295, 285)),
    # Bridge of the nose down to the tip, then the nostrils from left to right.
    (range(51, 55), (168, 6, 197, 195, 5, 4)),
    (range(55, 60), (98, 97, 2, 326, 327)),
    # Left eye: the upper lid from the outer to the inner corner, the lower lid back.
    (range(60, 65), (33, 246, 161, 160, 159, 158, 157, 173, 133)),
    ((64, 65, 66, 67, 60), (133, 155, 154, 153, 145, 144, 163, 7, 33)),
    # Right eye: the upper lid from the inner to the outer corner, the lower lid back.
    (range(68, 73), (362, 398, 384, 385, 386, 387, 388, 466, 263)),
    ((72, 73, 74, 75, 68), (263, 249, 390, 373, 374, 380, 381, 382, 362)),
    # Outer edge of the lips: left corner, Cupid's bow, right corner, and below back.
    (range(76, 79), (61, 185, 40, 39, 37)),
    (range(78, 81), (37, 0, 267)),
    (range(80, 83), (267, 269, 270, 409, 291)),
    (range(82, 86), (291, 375, 321, 405, 314, 17)),
    ((85, 86, 87, 76), (17, 84, 181, 91, 146, 61)),
    # Inner edge of the lips, in the same order.
    (range(88, 91), (78, 191, 80, 81, 82, 13)),
    (range(90, 93), (13, 312, 311, 310, 415, 308)),
    (range(92, 95), (308, 324, 318, 402, 317, 14)),
    ((94, 95, 88), (14, 87, 178, 88, 95, 78)),
)
# This mesh has no irises: pupils are the centers of the outlines of the eyes.
PUPILS = ((96, range(60, 68)), (97, range(68, 76)))


def landmarks_of(mesh: np.ndarray) -> np.ndarray:
    """Places the landmarks on the lines of a mesh.

    Args:
        mesh: float (468, 2), x and y.

    Returns:
        float32 (98, 2), x and y in the same unit.
    """
    landmarks = np.empty((98, 2), np.float32)
    for numbers, line in LINES:
        landmarks[list(numbers)] = _along(mesh[list(line)], len(numbers))
    for number, outline in PUPILS:
        landmarks[number] = landmarks[list(outline)].mean(axis=0)
    return landmarks


def _along(points: np.ndarray, count: int) -> np.ndarray:
    """Returns equidistant points on a polyline, from its start to its end."""
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    places = np.concatenate([[0], np.cumsum(steps)])
    wanted = np.linspace(0, places[-1], count)
    return np.stack([np.interp(wanted, places, axis) for axis in points.T], axis=1)
