"""A smooth way from style to style."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from stargan_tf.errors import InputError

Blend = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class StylePath:
    """A way through given points, each step eased: it rests for a moment at them.

    Args:
        points: float (n, width), at least two: latent or style codes.
        blend: (a (k, width), b (k, width), share of b (k, 1)) → (k, width).
        to_styles: turns what lies on the way into style codes (k, style_dim).

    Raises:
        InputError: if there are fewer than two points.
    """

    points: np.ndarray
    blend: Blend
    to_styles: Callable[[np.ndarray], np.ndarray]

    def __post_init__(self) -> None:
        if len(self.points) < 2:
            raise InputError(
                "An interpolation needs at least two styles. "
                f"Received: {len(self.points)}"
            )

    def styles(self, steps: int, closed: bool = False) -> np.ndarray:
        """Style codes along the way, evenly spread.

        Args:
            steps: how many, at least 2.
            closed: whether the way leads back to the first point, for a film that
                repeats; the codes end one step before it.

        Returns:
            float32 (steps, style_dim).
        """
        positions = self.positions(steps, closed)
        before = np.floor(positions).astype(int)
        share = _ease(positions - before)[:, None]
        first = self.points[before % len(self.points)]
        second = self.points[(before + 1) % len(self.points)]
        return self.to_styles(self.blend(first, second, share)).astype(np.float32)

    def positions(self, steps: int, closed: bool = False) -> np.ndarray:
        """Where the codes lie: 0 is the first point, 1 the second, and so on.

        Args:
            steps: as in `styles`.
            closed: as in `styles`.

        Returns:
            float64 (steps,).

        Raises:
            InputError: if `steps` is below 2.
        """
        if steps < 2:
            raise InputError(
                f"An interpolation needs at least 2 steps. Received: {steps}"
            )
        end = len(self.points) if closed else len(self.points) - 1
        return np.linspace(0.0, end, steps, endpoint=not closed)


def linear(a: np.ndarray, b: np.ndarray, share: np.ndarray) -> np.ndarray:
    """The straight line from a to b: for style codes."""
    return (1.0 - share) * a + share * b


def spherical(a: np.ndarray, b: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Along the arc from a to b: for latent codes.

    Half-way on the straight line between two draws of a normal distribution is too
    short to be one of them; the mapping network has rarely seen such codes.

    Args:
        a: (k, width).
        b: (k, width).
        share: of b, (k, 1).

    Returns:
        (k, width).
    """
    cosine = (_unit(a) * _unit(b)).sum(axis=1, keepdims=True)
    angle = np.arccos(np.clip(cosine, -1.0, 1.0))
    sine = np.sin(angle)
    # Equal or opposite codes span no arc: the straight line then.
    arc = sine > 1e-4
    safe = np.where(arc, sine, 1.0)
    bent = (np.sin((1.0 - share) * angle) * a + np.sin(share * angle) * b) / safe
    return np.where(arc, bent, linear(a, b, share))


def _unit(codes: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(codes, axis=1, keepdims=True)
    return codes / np.maximum(lengths, 1e-12)


def _ease(share: np.ndarray) -> np.ndarray:
    return 0.5 - 0.5 * np.cos(np.pi * share)
