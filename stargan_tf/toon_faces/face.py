"""The head without hair and features: ears, skin, shading, nose, cheeks."""

import numpy as np

from stargan_tf.toon_faces.curves import CIRCLE, shifted, smooth
from stargan_tf.toon_faces.hair_styles import hair_style
from stargan_tf.toon_faces.palette import mix, shadow, shine
from stargan_tf.toon_faces.pen import Pen
from stargan_tf.toon_faces.portrait import EYE_Y, Portrait

_TAPER = np.sin(np.linspace(0, np.pi, 31))[:, None]


def draw_ears(pen: Pen, portrait: Portrait) -> None:
    """Draws both ears and the earrings, unless hair covers them."""
    if hair_style(portrait.identity.hair.style).covers_ears:
        return
    width = portrait.identity.face.width
    for side in (-1, 1):
        x = side * width * 1.02
        pen.ellipse(x, 0.07, 0.085, 0.115, portrait.skin)
        pen.ellipse(x + 0.01 * side, 0.075, 0.045, 0.07, portrait.shade)
        _earring(pen, portrait, x)


def _earring(pen: Pen, portrait: Portrait, x: float) -> None:
    scene = portrait.identity.scene
    if scene.earrings == "stud":
        pen.ellipse(x, 0.18, 0.034, 0.034, scene.metal)
    if scene.earrings == "hoop":
        circle = np.concatenate([CIRCLE, CIRCLE[:1]]) * (0.05, 0.06)
        pen.ribbon(shifted(circle, x, 0.235), 0.022, scene.metal)


def draw_skin(pen: Pen, portrait: Portrait) -> None:
    """Draws the face's area and the shadow on the side away from the light."""
    outline = portrait.outline
    pen.polygon(outline, portrait.skin)
    rows = slice(13, 44) if pen.light > 0 else slice(28, 59)
    edge = outline[rows]
    inner = edge * (1 - _TAPER * (0.17, 0.06))
    pen.polygon(
        np.concatenate([edge, inner[::-1]]), mix(portrait.skin, portrait.shade, 0.7)
    )


def draw_cheeks(pen: Pen, portrait: Portrait) -> None:
    """Draws blush (of the young, and of joy) and freckles."""
    look, features = portrait.look, portrait.identity.features
    blush = 0.17 * look.young + 0.2 * ("blush" in portrait.expression.extras)
    for side in (-1, 1):
        x = side * 0.27
        if blush:
            colour = mix(portrait.skin, (240, 84, 84), blush)
            pen.ellipse(x, 0.225, 0.095, 0.06, colour)
        if features.freckles:
            for dx, dy in ((-0.05, 0), (0, -0.025), (0.05, 0.005), (0.01, 0.03)):
                pen.ellipse(x + dx, 0.2 + dy, 0.01, 0.01, shadow(portrait.skin, 0.4))


def draw_nose(pen: Pen, portrait: Portrait) -> None:
    """Draws the nose; disgust wrinkles it."""
    features = portrait.identity.features
    nose = pen.moved(0.015 * portrait.identity.pose.yaw, 0)
    wide, long = _NOSES[features.nose]
    wide, tip = wide * features.nose_size, 0.2 + long
    shade = shadow(portrait.skin, 0.24)
    bridge = [(0.02, EYE_Y + 0.03), (0.035, 0.12), (0.6 * wide, tip)]
    side = np.array((-pen.light, 1))
    nose.ribbon(smooth(bridge) * side, np.linspace(0.012, 0.03, 13), portrait.shade)
    nose.ellipse(0, tip + 0.005, wide, 0.038, shade)
    nose.ellipse(0, tip - 0.008, wide * 0.92, 0.034, shine(portrait.skin, 0.12))
    if "nose" in portrait.expression.extras:
        _wrinkle(nose, shadow(portrait.skin, 0.5))


_NOSES = {
    "button": (0.06, -0.01),
    "straight": (0.055, 0.01),
    "wide": (0.085, 0.0),
    "long": (0.06, 0.035),
}


def _wrinkle(pen: Pen, colour) -> None:
    for y in (0.02, 0.065):
        pen.ribbon(smooth([(-0.05, y), (0, y - 0.025), (0.05, y)]), 0.02, colour)
