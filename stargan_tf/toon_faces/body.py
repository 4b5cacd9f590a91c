"""Neck, shoulders and clothes."""

import numpy as np

from stargan_tf.toon_faces.curves import ellipse, smooth
from stargan_tf.toon_faces.palette import shadow, shine
from stargan_tf.toon_faces.pen import Pen
from stargan_tf.toon_faces.portrait import Portrait

_SHOULDERS = np.concatenate(
    [
        smooth([(-0.95, 1.3), (-0.8, 0.92), (-0.5, 0.78), (-0.2, 0.7)]),
        smooth([(0.2, 0.7), (0.5, 0.78), (0.8, 0.92), (0.95, 1.3)]),
    ]
)


def draw_body(pen: Pen, portrait: Portrait) -> None:
    """Draws shoulders, neck and collar, all behind the head."""
    scene = portrait.identity.scene
    pen.polygon(_SHOULDERS, scene.cloth)
    _CLOTHES[scene.clothes](pen, portrait)


def _neck(pen: Pen, portrait: Portrait, depth: float) -> None:
    skin = portrait.skin
    pen.ellipse(0, 0.72, 0.23, depth, skin)
    pen.polygon(
        np.array([(-0.19, 0.3), (0.19, 0.3), (0.21, 0.74), (-0.21, 0.74)]), skin
    )
    pen.polygon(
        np.concatenate([[(0.2, 0.3), (-0.2, 0.3)], _CHIN_SHADOW]), portrait.shade
    )


_CHIN_SHADOW = smooth([(-0.2, 0.6), (0, 0.74), (0.2, 0.6)])


def _round(pen: Pen, portrait: Portrait) -> None:
    scene = portrait.identity.scene
    pen.ellipse(0, 0.72, 0.29, 0.2, shadow(scene.cloth))
    _neck(pen, portrait, 0.14)


def _v_neck(pen: Pen, portrait: Portrait) -> None:
    scene = portrait.identity.scene
    opening = np.array([(-0.26, 0.68), (0.26, 0.68), (0, 1.02)])
    pen.polygon(opening * (1.2, 1.03), shadow(scene.cloth))
    pen.polygon(opening, portrait.skin)
    _neck(pen, portrait, 0.1)


def _collar(pen: Pen, portrait: Portrait) -> None:
    accent = portrait.identity.scene.cloth_accent
    _neck(pen, portrait, 0.16)
    for side in (-1, 1):
        flap = np.array([(0.2, 0.66), (0.34, 0.74), (0.2, 1.0), (0.02, 0.86)])
        pen.polygon(flap * (side, 1), shine(accent, 0.35))


def _turtleneck(pen: Pen, portrait: Portrait) -> None:
    scene = portrait.identity.scene
    _neck(pen, portrait, 0.1)
    pen.polygon(ellipse(0, 0.8, 0.25, 0.14), scene.cloth)
    pen.ellipse(0, 0.72, 0.235, 0.06, shadow(scene.cloth))


def _striped(pen: Pen, portrait: Portrait) -> None:
    accent = portrait.identity.scene.cloth_accent
    half = np.array([(-0.66, 0.84), (0.66, 0.84), (0.74, 0.9), (-0.74, 0.9)])
    pen.polygon(half, accent)
    pen.polygon(half * (1.16, 1) + (0, 0.11), accent)
    _round(pen, portrait)


def _hoodie(pen: Pen, portrait: Portrait) -> None:
    scene = portrait.identity.scene
    pen.ellipse(0, 0.78, 0.44, 0.2, shadow(scene.cloth, 0.2))
    _neck(pen, portrait, 0.15)
    for x in (-0.13, 0.13):
        cord = np.array([(x, 0.86), (x * 1.1, 1.05)])
        pen.ribbon(cord, 0.03, shine(scene.cloth_accent, 0.5))


_CLOTHES = {
    "round": _round,
    "v_neck": _v_neck,
    "collar": _collar,
    "turtleneck": _turtleneck,
    "stripes": _striped,
    "hoodie": _hoodie,
}
