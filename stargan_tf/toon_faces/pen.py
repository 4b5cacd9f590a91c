"""Draws shapes given in face coordinates onto a Pillow image."""

from dataclasses import dataclass, replace

import numpy as np
from PIL import ImageDraw

from stargan_tf.toon_faces.curves import ellipse
from stargan_tf.toon_faces.palette import Colour


@dataclass(frozen=True)
class Pen:
    """A Pillow drawing with a coordinate frame and a light.

    Coordinates are 2 units across the image before the frame's own transformation;
    y grows downwards.

    Args:
        draw: the Pillow drawing.
        matrix: (2, 2) from face coordinates to pixels; points are rows.
        offset: (2,) pixel of the frame's origin.
        tint: factors of red, green and blue: the colour of the light.
        light: -1 if the light comes from the left, 1 from the right.
    """

    draw: ImageDraw.ImageDraw
    matrix: np.ndarray
    offset: np.ndarray
    tint: tuple[float, float, float]
    light: int

    def moved(self, dx: float, dy: float) -> "Pen":
        """A pen whose origin lies at (dx, dy) of this one."""
        return replace(self, offset=self.offset + np.array((dx, dy)) @ self.matrix)

    def turned(self, roll: float, scale: float) -> "Pen":
        """A pen whose frame is rotated by `roll` radians and enlarged."""
        cosine, sine = np.cos(roll) * scale, np.sin(roll) * scale
        rotation = np.array([[cosine, sine], [-sine, cosine]])
        return replace(self, matrix=rotation @ self.matrix)

    def polygon(self, points: np.ndarray, colour: Colour) -> None:
        """Fills the polygon with corners `points` (n, 2)."""
        pixels = points @ self.matrix + self.offset
        self.draw.polygon(pixels.ravel().tolist(), fill=self._lit(colour))

    def ellipse(
        self, x: float, y: float, width: float, height: float, colour: Colour
    ) -> None:
        """Fills the ellipse around (x, y) with these half axes."""
        self.polygon(ellipse(x, y, width, height), colour)

    def band(self, x: np.ndarray, upper, lower, colour: Colour) -> None:
        """Fills the area between two curves over the same `x` (n,)."""
        top = np.stack([x, np.broadcast_to(upper, x.shape)], axis=1)
        bottom = np.stack([x, np.broadcast_to(lower, x.shape)], axis=1)
        self.polygon(np.concatenate([top, bottom[::-1]]), colour)

    def ribbon(self, points: np.ndarray, width, colour: Colour) -> None:
        """A stroke along `points` (n, 2) with round ends.

        Args:
            points: the middle line.
            width: the stroke's width, one number or (n,) for a changing one.
            colour: its colour.
        """
        half = np.broadcast_to(np.asarray(width) / 2, points.shape[:1])[:, None]
        along = np.empty_like(points)
        along[1:-1] = points[2:] - points[:-2]
        along[0], along[-1] = points[1] - points[0], points[-1] - points[-2]
        length = np.hypot(along[:, 0], along[:, 1])[:, None] + 1e-9
        across = along[:, ::-1] * (-1, 1) / length * half
        self.polygon(np.concatenate([points + across, (points - across)[::-1]]), colour)
        for end in (0, -1):
            radius = half[end, 0]
            self.ellipse(points[end, 0], points[end, 1], radius, radius, colour)

    def _lit(self, colour: Colour) -> tuple[int, ...]:
        return tuple(
            min(255, round(c * t)) for c, t in zip(colour, self.tint, strict=True)
        )
