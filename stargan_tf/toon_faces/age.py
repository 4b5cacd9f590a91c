"""The marks of age: wrinkles and bags under the eyes."""

import numpy as np

from stargan_tf.toon_faces.curves import smooth
from stargan_tf.toon_faces.palette import mix, shadow
from stargan_tf.toon_faces.pen import Pen
from stargan_tf.toon_faces.portrait import EYE_Y, Portrait

_ACROSS = np.linspace(-1, 1, 13)
_BULGE = np.sqrt(1 - _ACROSS**2)


def draw_age(pen: Pen, portrait: Portrait) -> None:
    """Draws wrinkles and bags, if the look is not young."""
    if portrait.look.young:
        return
    colour = shadow(portrait.skin, 0.28)
    _forehead(pen, colour)
    for side in (-1, 1):
        _bag(pen, portrait, side)
        _crow_feet(pen, portrait, side, colour)
        _fold(pen, side, colour)


def _forehead(pen: Pen, colour) -> None:
    for y, reach in ((-0.33, 0.17), (-0.265, 0.2)):
        curve = smooth([(-reach, y), (-0.07, y - 0.015), (0.07, y - 0.005), (reach, y)])
        pen.ribbon(curve, 0.024, colour)


def _bag(pen: Pen, portrait: Portrait, side: int) -> None:
    x = side * portrait.identity.features.eye_gap + 0.1 * _ACROSS
    top = EYE_Y + 0.055 + 0.02 * _BULGE
    tone = mix(shadow(portrait.skin, 0.26), (122, 84, 120), 0.16)
    pen.band(x, top, top + 0.05 * _BULGE, tone)
    edge = np.stack([x, top + 0.05 * _BULGE], axis=1)
    pen.ribbon(edge[1:-1], 0.014, shadow(portrait.skin, 0.3))


def _crow_feet(pen: Pen, portrait: Portrait, side: int, colour) -> None:
    x = portrait.identity.features.eye_gap + 0.135
    for dy, rise in ((0.0, -0.03), (0.03, 0.03)):
        root, tip = (x, EYE_Y + dy), (x + 0.065, EYE_Y + dy + rise)
        pen.ribbon(np.array([root, tip]) * (side, 1), 0.02, colour)


def _fold(pen: Pen, side: int, colour) -> None:
    curve = smooth([(0.1, 0.2), (0.17, 0.26), (0.215, 0.35)])
    pen.ribbon(curve * (side, 1), np.linspace(0.016, 0.032, 13), colour)
