"""Glasses, and the drops of fear and grief."""

import numpy as np

from stargan_tf.toon_faces.curves import CIRCLE, shifted, smooth, smooth_loop
from stargan_tf.toon_faces.palette import shadow
from stargan_tf.toon_faces.pen import Pen
from stargan_tf.toon_faces.portrait import BROW_Y, EYE_Y, Portrait

_DROP = smooth_loop([(0, -0.075), (0.04, 0.01), (0, 0.055), (-0.04, 0.01)])
_WATER = (110, 190, 240)


def draw_glasses(pen: Pen, portrait: Portrait) -> None:
    """Draws the person's glasses, if any."""
    scene, features = portrait.identity.scene, portrait.identity.features
    if scene.glasses == "none":
        return
    rim = _rim(scene.glasses)
    for side in (-1, 1):
        pen.ribbon(
            shifted(rim, side * features.eye_gap, EYE_Y + 0.015), 0.024, scene.frame
        )
        arm = np.array([(features.eye_gap + 0.155, EYE_Y), (0.45, EYE_Y - 0.02)])
        pen.ribbon(arm * (side, 1), 0.024, scene.frame)
    inner = features.eye_gap - 0.155
    bridge = smooth([(-inner, EYE_Y), (0, EYE_Y - 0.025), (inner, EYE_Y)])
    pen.ribbon(bridge, 0.024, scene.frame)


def _rim(kind: str) -> np.ndarray:
    closed = np.concatenate([CIRCLE, CIRCLE[:1]])
    if kind == "square":
        closed = np.sign(closed) * np.abs(closed) ** 0.5
        return closed * (0.16, 0.125)
    return closed * (0.155, 0.15)


def draw_extras(pen: Pen, portrait: Portrait) -> None:
    """Draws furrow, tear and sweat where the expression has them."""
    extras = portrait.expression.extras
    if "furrow" in extras:
        line = smooth(
            [(0.028, BROW_Y - 0.02), (0.022, BROW_Y + 0.03), (0.03, BROW_Y + 0.07)]
        )
        for side in (-1, 1):
            pen.ribbon(line * (side, 1), 0.02, shadow(portrait.skin, 0.5))
    side = portrait.identity.hair.side
    if "tear" in extras:
        pen.polygon(shifted(_DROP * 1.1, side * 0.235, EYE_Y + 0.145), _WATER)
    if "sweat" in extras:
        pen.polygon(shifted(_DROP, side * 0.375, EYE_Y - 0.03), _WATER)
