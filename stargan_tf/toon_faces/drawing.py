"""Draws shapes given in face coordinates onto a Pillow image."""

import colorsys
from dataclasses import dataclass, replace

import numpy as np
from PIL import ImageDraw

# Colours: skins, hair, eyes, lips, cloth and what is mixed from them.

Colour = tuple[float, float, float]

WHITE: Colour = (252, 251, 248)
INK: Colour = (43, 32, 38)
GREY_HAIR: Colour = (203, 203, 208)

SKINS: tuple[Colour, ...] = (
    (255, 224, 200),
    (250, 211, 182),
    (243, 196, 160),
    (232, 178, 138),
    (214, 155, 112),
    (190, 129, 88),
    (160, 104, 70),
    (142, 93, 66),
)
EYES: tuple[Colour, ...] = (
    (92, 58, 36),
    (62, 42, 32),
    (126, 92, 44),
    (74, 128, 84),
    (62, 118, 172),
    (104, 136, 158),
)
LIPSTICKS: tuple[Colour, ...] = (
    (205, 44, 66),
    (214, 62, 104),
    (178, 38, 60),
    (196, 58, 52),
    (186, 48, 108),
)
# Backgrounds and clothes share one table, with hair-like colours in it on purpose:
# a translator that recolours everything of one colour must fail.
CLOTH: tuple[Colour, ...] = (
    (238, 108, 96),
    (246, 196, 92),
    (132, 196, 150),
    (92, 170, 190),
    (98, 124, 196),
    (164, 130, 200),
    (236, 160, 180),
    (238, 228, 212),
    (206, 218, 226),
    (48, 46, 56),
    (112, 74, 50),
    (224, 196, 128),
    (52, 92, 100),
    (150, 60, 72),
    (120, 140, 92),
)
# Colours of dyed hair, frames and hats; as far apart as seven pictures side by side
# need them to be.
DYES: tuple[Colour, ...] = (
    (34, 30, 40),
    (92, 56, 36),
    (226, 186, 92),
    (196, 92, 40),
    (186, 190, 200),
    (236, 110, 168),
    (136, 84, 190),
    (58, 122, 214),
    (36, 168, 168),
    (92, 176, 78),
    (212, 52, 56),
)
VIVID_LIPS: tuple[Colour, ...] = (
    (214, 34, 58),
    (232, 66, 138),
    (116, 34, 78),
    (150, 72, 190),
    (228, 104, 76),
)
VIVID: tuple[Colour, ...] = (
    (36, 34, 44),
    (222, 54, 58),
    (44, 104, 206),
    (30, 150, 120),
    (246, 190, 52),
    (238, 240, 242),
    (150, 70, 176),
)
PALE: tuple[Colour, ...] = (
    (214, 222, 230),
    (232, 226, 212),
    (212, 226, 214),
    (232, 216, 216),
    (220, 214, 230),
)
METALS: tuple[Colour, ...] = ((232, 190, 82), (206, 212, 220), (210, 96, 120))

# hue, lightness, saturation and how far an identity may move each of them
_HAIR = {
    "Black_Hair": ((0.70, 0.125, 0.12), (0.18, 0.030, 0.07)),
    "Blond_Hair": ((0.121, 0.66, 0.76), (0.018, 0.060, 0.10)),
    "Brown_Hair": ((0.062, 0.315, 0.46), (0.020, 0.050, 0.09)),
}
HAIR_COLOURS = tuple(_HAIR)


def hair_colour(name: str, shade: tuple[float, float, float]) -> Colour:
    """The hair colour of one person, were it of the class `name`.

    Args:
        name: one of `HAIR_COLOURS`.
        shade: the person's own hue, lightness and saturation within the class,
            each in [-1, 1].

    Returns:
        Red, green and blue in [0, 255].
    """
    centre, reach = _HAIR[name]
    hue, lightness, saturation = (
        c + r * s for c, r, s in zip(centre, reach, shade, strict=True)
    )
    return tuple(255 * c for c in colorsys.hls_to_rgb(hue % 1, lightness, saturation))


def facial_hair(hair: Colour, skin: Colour) -> Colour:
    """Brows and beard: `hair` or a darker tone of it, whichever shows on `skin`.

    Blond in one tone would vanish on either tanned or dark skin.
    """
    lightness = sum(hair) / (3 * 255)
    darker = hair_shadow(hair, 0.4 + 0.6 * lightness)
    return max((darker, hair), key=lambda tone: _distance(tone, skin))


def _distance(first: Colour, second: Colour) -> float:
    return sum(abs(a - b) for a, b in zip(first, second, strict=True))


def hair_shadow(hair: Colour, strength: float) -> Colour:
    """A darker, warmer tone of `hair`: blond must not turn green."""
    deepest = tuple(c * s for c, s in zip(hair, (0.62, 0.44, 0.26), strict=True))
    return mix(hair, deepest, strength)


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """`first` with `share` (in [0, 1]) of `second`."""
    return tuple(a + (b - a) * share for a, b in zip(first, second, strict=True))


def shadow(colour: Colour, strength: float = 0.15) -> Colour:
    """A darker, slightly cooler tone of `colour`, which may be dark already."""
    deepest = tuple(c * s for c, s in zip(colour, (0.3, 0.16, 0.26), strict=True))
    return mix(colour, deepest, strength)


def shine(colour: Colour, strength: float = 0.2) -> Colour:
    """A lighter tone of `colour`."""
    return mix(colour, (255, 250, 240), strength)


# Smooth curves through a few points: what every shape of a face is made of.

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
