"""Hair: what hangs behind the head, the cap over it, and grey temples."""

from dataclasses import dataclass

import numpy as np

from stargan_tf.toon_faces.drawing import (
    GREY_HAIR,
    Colour,
    Pen,
    hair_shadow,
    mirrored,
    mix,
    shine,
    smooth,
    smooth_loop,
)
from stargan_tf.toon_faces.identity import HairStyle, hair_style
from stargan_tf.toon_faces.scene import Portrait

# Rows of the cap's outer and lower edge that go grey; more of the lower one, so that
# the grey rises towards the face.
_OUTER_ROWS, _LOWER_ROWS = 8, 13


@dataclass(frozen=True)
class HairTones:
    """The colours of one head of hair: base, in shadow, in light, at the temples."""

    base: Colour
    dark: Colour
    light: Colour
    temple: Colour


def hair_tones(portrait: Portrait) -> HairTones:
    """Mixes the tones; black hair shines cooler than it is light."""
    base, grey = portrait.hair, 0.0
    if not portrait.look.young:
        # Streaked with grey, but the colour can still be told; the temples are white.
        base, grey = mix(base, GREY_HAIR, 0.42), 0.88
    return HairTones(
        base=base,
        dark=hair_shadow(base, 0.5),
        light=shine(base, 0.16),
        temple=mix(base, GREY_HAIR, grey),
    )


def draw_back_hair(pen: Pen, portrait: Portrait) -> None:
    """Draws what lies behind neck and face."""
    style, tones = hair_style(portrait.identity.hair.style), hair_tones(portrait)
    face = portrait.identity.face
    grown = 1 + 0.08 * portrait.identity.hair.volume
    for loop in style.back:
        shape = smooth_loop(mirrored(loop) if style.symmetric else loop)
        pen.polygon(shape * (face.width * grown, face.height), tones.dark)
    for x, y, radius in style.back_balls:
        radius = radius * grown
        pen.ellipse(x * face.width, y * face.height, radius, radius, tones.base)


def draw_front_hair(pen: Pen, portrait: Portrait) -> None:
    """Draws the cap with its hairline, the shine and the temples."""
    hair, face = portrait.identity.hair, portrait.identity.face
    style, tones = hair_style(hair.style), hair_tones(portrait)
    size = np.array((face.width * hair.side, face.height))
    outer, inner = _outer(style, hair.volume) * size, _inner(style) * size
    for x, y, radius in style.front_balls:
        pen.ellipse(x * size[0], y * size[1], radius, radius, tones.base)
    pen.polygon(np.concatenate([outer, inner[::-1]]), tones.base)
    _shine(pen, outer, tones)
    if portrait.look.young:
        return
    if style.covers_ears:
        _strands(pen, style, size, tones.temple)
    else:
        _temples(pen, outer, inner, tones.temple)


def _outer(style: HairStyle, volume: float) -> np.ndarray:
    side = 1.1 + 0.07 * volume + style.puff
    top = 1.16 + 0.09 * volume + style.puff
    left = [(-1.06 - style.lock_width, style.lock), (-side, -0.25), (-0.9 * side, -0.7)]
    top_left, top_right = (-0.45 * side, -top), (0.45 * side, -top - style.quiff)
    if style.covers_ears:
        left.insert(0, (-0.98, style.lock + 0.22))
    right = [(-x, y) for x, y in left[::-1]]
    return smooth([*left, top_left, top_right, *right])


def _inner(style: HairStyle) -> np.ndarray:
    ends = (-0.93, style.lock), (0.93, style.lock)
    points = [ends[0], *style.hairline, ends[1]]
    return np.array(points) if style.straight else smooth(points)


def _shine(pen: Pen, outer: np.ndarray, tones: HairTones) -> None:
    middle = len(outer) // 2
    side = (
        slice(middle + 2, middle + 12) if _right(pen, outer) else slice(7, middle - 1)
    )
    curve = outer[side] * 0.86
    width = 0.055 * np.sin(np.linspace(0.15, np.pi - 0.15, len(curve)))
    pen.ribbon(curve, width, tones.light)


def _right(pen: Pen, outer: np.ndarray) -> bool:
    """Whether the lit side is the second half of `outer`, which may be mirrored."""
    return bool(outer[-1, 0] * pen.light > 0)


def _temples(pen: Pen, outer: np.ndarray, inner: np.ndarray, grey: Colour) -> None:
    """Greys the sides of the cap: the first and last stretch of both its edges."""
    for way in (1, -1):
        edge, line = outer[::way][:_OUTER_ROWS], inner[::way]
        line = line[: _LOWER_ROWS if len(line) > 2 * _LOWER_ROWS else 2]
        pen.polygon(np.concatenate([edge, line[::-1]]), grey)


def _strands(pen: Pen, style: HairStyle, size: np.ndarray, grey: Colour) -> None:
    """Grey strands down the locks beside the face."""
    for side in (-1, 1):
        for x, top, bottom in ((-1.0, -0.72, style.lock - 0.05), (-1.1, -0.4, 0.2)):
            points = [(x + 0.12, top), (x + 0.02, 0.5 * top), (x, 0.0), (x, bottom)]
            curve = smooth(points) * size * (side, 1)
            pen.ribbon(curve, 0.09 * np.sin(np.linspace(0, np.pi, len(curve))), grey)
