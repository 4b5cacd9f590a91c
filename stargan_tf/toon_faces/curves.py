"""Smooth curves through a few points: what every shape of a face is made of."""

import numpy as np

_STEPS = 6


def _basis(steps: int) -> np.ndarray:
    t = np.arange(steps) / steps
    powers = np.stack([np.ones_like(t), t, t**2, t**3], axis=1)
    catmull_rom = np.array(
        [[0, 2, 0, 0], [-1, 0, 1, 0], [2, -5, 4, -1], [-1, 3, -3, 1]]
    )
    return powers @ catmull_rom / 2


_BASIS = _basis(_STEPS)
_ANGLES = np.arange(28) * (2 * np.pi / 28)
CIRCLE = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1)


def _spline(padded: np.ndarray) -> np.ndarray:
    quads = np.stack([padded[:-3], padded[1:-2], padded[2:-1], padded[3:]], axis=1)
    return (_BASIS @ quads).reshape(-1, 2)


def smooth(points) -> np.ndarray:
    """An open curve through `points` (Catmull-Rom).

    Args:
        points: (k, 2) array-like, k ≥ 2.

    Returns:
        Float array (6 (k - 1) + 1, 2); the first and last rows are the end points.
    """
    points = np.asarray(points, dtype=float)
    padded = np.concatenate([points[:1], points, points[-1:]])
    return np.concatenate([_spline(padded), points[-1:]])


def smooth_loop(points) -> np.ndarray:
    """A closed curve through `points`, shape (6 k, 2); see `smooth`."""
    points = np.asarray(points, dtype=float)
    return _spline(np.concatenate([points[-1:], points, points[:2]]))


def ellipse(x: float, y: float, width: float, height: float) -> np.ndarray:
    """The ellipse around (x, y) with these half axes, shape (28, 2)."""
    return CIRCLE * (width, height) + (x, y)


def shifted(points: np.ndarray, x: float, y: float) -> np.ndarray:
    """`points` (n, 2) moved by (x, y)."""
    return points + np.array((x, y))


def mirrored(points) -> np.ndarray:
    """A left half given from top to bottom, followed by its mirror image upwards.

    Args:
        points: (k, 2) array-like, the side with negative x.

    Returns:
        Float array (2 k, 2): the outline around, ready for `smooth_loop`.
    """
    half = np.asarray(points, dtype=float)
    return np.concatenate([half, half[::-1] * (-1, 1)])
