"""The drawing tools of generated faces: colors, curves, and the pen."""

import colorsys
from dataclasses import dataclass, replace

import numpy as np
from PIL import ImageColor, ImageDraw

Color = tuple[float, float, float]


def _colors(codes: str) -> tuple[Color, ...]:
    return tuple(ImageColor.getrgb(code) for code in codes.split())


WHITE, INK, GRAY_HAIR = _colors("#fcfbf8 #2b2026 #cbcbd0")
SKINS = _colors("#ffe0c8 #fad3b6 #f3c4a0 #e8b28a #d69b70 #be8158 #a06846 #8e5d42")
EYES = _colors("#5c3a24 #3e2a20 #7e5c2c #4a8054 #3e76ac #68889e")
LIPSTICKS = _colors("#cd2c42 #d63e68 #b2263c #c43a34 #ba306c")
# Backgrounds and clothes share a table that intentionally includes hair colors, so that
# a model that recolors all pixels of a color fails.
CLOTH = _colors(
    "#ee6c60 #f6c45c #84c496 #5caabe #627cc4 #a482c8 #eca0b4 #eee4d4 #cedae2 "
    "#302e38 #704a32 #e0c480 #345c64 #963c48 #788c5c"
)
METALS = _colors("#e8be52 #ced4dc #d26078")
# For `toon_people`: clearly distinct colors of hair, lips, clothes, and backgrounds.
DYES = _colors(
    "#221e28 #5c3824 #e2ba5c #c45c28 #babec8 #ec6ea8 #8854be #3a7ad6 #24a8a8 #5cb04e "
    "#d43438"
)
VIVID_LIPS = _colors("#d6223a #e8428a #74224e #9648be #e4684c")
VIVID = _colors("#24222c #de363a #2c68ce #1e9678 #f6be34 #eef0f2 #9646b0")
PALE = _colors("#d6dee6 #e8e2d4 #d4e2d6 #e8d8d8 #dcd6e6")

# Hue, lightness, and saturation, and the maximum deviation of a person's shade.
_HAIR = {
    "Black_Hair": ((0.70, 0.125, 0.12), (0.18, 0.030, 0.07)),
    "Blond_Hair": ((0.121, 0.66, 0.76), (0.018, 0.060, 0.10)),
    "Brown_Hair": ((0.062, 0.315, 0.46), (0.020, 0.050, 0.09)),
}
HAIR_COLORS = tuple(_HAIR)


def hair_color(name: str, shade: tuple[float, float, float]) -> Color:
    """Returns a hair color in [0, 255].

    Args:
        name: one of `HAIR_COLORS`.
        shade: the person's deviation in hue, lightness, and saturation, each in
            [-1, 1].
    """
    center, reach = _HAIR[name]
    hue, lightness, saturation = (
        c + r * s for c, r, s in zip(center, reach, shade, strict=True)
    )
    return tuple(255 * c for c in colorsys.hls_to_rgb(hue % 1, lightness, saturation))


def facial_hair(hair: Color, skin: Color) -> Color:
    """Returns `hair` or a darker tone of it, whichever contrasts more with `skin`."""

    def contrast(tone: Color) -> float:
        return sum(abs(a - b) for a, b in zip(tone, skin, strict=True))

    lightness = sum(hair) / (3 * 255)
    return max(hair_shadow(hair, 0.4 + 0.6 * lightness), hair, key=contrast)


def mix(first: Color, second: Color, share: float) -> Color:
    """Mixes two colors; `share` in [0, 1] is the fraction of `second`."""
    return tuple(a + (b - a) * share for a, b in zip(first, second, strict=True))


def hair_shadow(hair: Color, strength: float) -> Color:
    """Returns a darker, warmer tone of `hair`, so that blond does not turn green."""
    return _toward(hair, (0.62, 0.44, 0.26), strength)


def shadow(color: Color, strength: float = 0.15) -> Color:
    """Returns a darker, slightly cooler tone of `color`."""
    return _toward(color, (0.3, 0.16, 0.26), strength)


def _toward(color: Color, factors: Color, strength: float) -> Color:
    deepest = tuple(c * f for c, f in zip(color, factors, strict=True))
    return mix(color, deepest, strength)


def shine(color: Color, strength: float = 0.2) -> Color:
    """Returns a lighter tone of `color`."""
    return mix(color, (255, 250, 240), strength)


def points(text: str) -> np.ndarray:
    """Parses points in SVG notation, `"x,y x,y"`, to an array (n, 2)."""
    return np.array([pair.split(",") for pair in text.split()], dtype=float)


_T = np.arange(6)[:, None] / 6
_CATMULL_ROM = np.array([[0, 2, 0, 0], [-1, 0, 1, 0], [2, -5, 4, -1], [-1, 3, -3, 1]])
_BASIS = _T ** np.arange(4) @ _CATMULL_ROM / 2
_ANGLES = np.arange(28) * (2 * np.pi / 28)
CIRCLE = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1)
RING = np.concatenate([CIRCLE, CIRCLE[:1]])


def _spline(padded: np.ndarray) -> np.ndarray:
    quads = np.stack([padded[:-3], padded[1:-2], padded[2:-1], padded[3:]], axis=1)
    return (_BASIS @ quads).reshape(-1, 2)


def smooth(corners) -> np.ndarray:
    """Returns an open Catmull-Rom curve (6 (k - 1) + 1, 2) through `corners` (k, 2)."""
    corners = np.asarray(corners, dtype=float)
    padded = np.concatenate([corners[:1], corners, corners[-1:]])
    return np.concatenate([_spline(padded), corners[-1:]])


def smooth_loop(corners) -> np.ndarray:
    """Returns a closed Catmull-Rom curve (6 k, 2) through `corners` (k, 2)."""
    corners = np.asarray(corners, dtype=float)
    return _spline(np.concatenate([corners[-1:], corners, corners[:2]]))


def symmetric_loop(half) -> np.ndarray:
    """Returns `smooth_loop` of a left half (x < 0, downward) and its mirror image."""
    half = np.asarray(half, dtype=float)
    return smooth_loop(np.concatenate([half, half[::-1] * (-1, 1)]))


@dataclass(frozen=True)
class Pen:
    """Fills shapes on a Pillow image in a coordinate frame and a color of light.

    The image is 2 units wide before the frame's transformation; y points downward.

    Args:
        draw: the Pillow drawing.
        matrix: (2, 2) matrix from coordinates to pixels; points are rows.
        offset: (2,) pixel of the origin.
        tint: factors of red, green, and blue, the color of the light.
        light: -1 if the light comes from the left, 1 if it comes from the right.
    """

    draw: ImageDraw.ImageDraw
    matrix: np.ndarray
    offset: np.ndarray
    tint: tuple[float, float, float]
    light: int

    def moved(self, dx: float, dy: float) -> "Pen":
        """Returns a pen with its origin at (dx, dy)."""
        return replace(self, offset=self.offset + np.array((dx, dy)) @ self.matrix)

    def turned(self, roll: float, scale: float) -> "Pen":
        """Returns a pen that is rotated by `roll` radians and scaled."""
        cosine, sine = np.cos(roll) * scale, np.sin(roll) * scale
        rotation = np.array([[cosine, sine], [-sine, cosine]])
        return replace(self, matrix=rotation @ self.matrix)

    def polygon(self, corners: np.ndarray, color: Color) -> None:
        """Fills the polygon with `corners` (n, 2)."""
        pixels = corners @ self.matrix + self.offset
        lit = (min(255, round(c * t)) for c, t in zip(color, self.tint, strict=True))
        self.draw.polygon(pixels.ravel().tolist(), fill=tuple(lit))

    def ellipse(
        self, x: float, y: float, width: float, height: float, color: Color
    ) -> None:
        """Fills an ellipse around (x, y); `width` and `height` are its half axes."""
        self.polygon(CIRCLE * (width, height) + (x, y), color)

    def band(self, x: np.ndarray, upper, lower, color: Color) -> None:
        """Fills the area between two curves with the same `x` (n,)."""
        top = np.stack([x, np.broadcast_to(upper, x.shape)], axis=1)
        bottom = np.stack([x, np.broadcast_to(lower, x.shape)], axis=1)
        self.polygon(np.concatenate([top, bottom[::-1]]), color)

    def ribbon(self, line, width, color: Color) -> None:
        """Draws a stroke with round ends.

        Args:
            line: (n, 2) points of its center line.
            width: a number, or (n,) for a varying width.
            color: color in [0, 255].
        """
        line = np.asarray(line)
        half = np.broadcast_to(np.asarray(width) / 2, line.shape[:1])[:, None]
        along = np.empty_like(line)
        along[1:-1] = line[2:] - line[:-2]
        along[0], along[-1] = line[1] - line[0], line[-1] - line[-2]
        length = np.hypot(along[:, 0], along[:, 1])[:, None] + 1e-9
        across = along[:, ::-1] * (-1, 1) / length * half
        self.polygon(np.concatenate([line + across, (line - across)[::-1]]), color)
        for end in (0, -1):
            self.ellipse(*line[end], half[end, 0], half[end, 0], color)
