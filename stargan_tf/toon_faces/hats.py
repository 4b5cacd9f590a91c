"""What is worn over the hair: a headband, a woolly hat."""

import numpy as np

from stargan_tf.toon_faces.curves import smooth
from stargan_tf.toon_faces.hair_styles import hair_style
from stargan_tf.toon_faces.palette import shadow, shine
from stargan_tf.toon_faces.pen import Pen
from stargan_tf.toon_faces.portrait import Portrait


def draw_hat(pen: Pen, portrait: Portrait) -> None:
    """Draws what the person wears over the hair, if anything.

    Args:
        pen: the head's frame.
        portrait: the person and the look.
    """
    draw = _HATS.get(portrait.identity.scene.hat)
    if draw is not None:
        draw(pen, portrait)


def _reach(portrait: Portrait) -> np.ndarray:
    """Half width and height of what the hat has to cover."""
    hair, face = portrait.identity.hair, portrait.identity.face
    grown = 1.14 + 0.08 * hair.volume + hair_style(hair.style).puff
    return np.array((face.width, face.height)) * grown


def _headband(pen: Pen, portrait: Portrait) -> None:
    colour = portrait.identity.scene.hat_colour
    size = _reach(portrait)
    curve = smooth(
        [(-0.93, -0.4), (-0.6, -0.74), (0, -0.86), (0.6, -0.74), (0.93, -0.4)]
    )
    pen.ribbon(curve * size, 0.12, colour)
    pen.ribbon(curve[3:-3] * size - (0, 0.03), 0.02, shine(colour, 0.3))


def _beanie(pen: Pen, portrait: Portrait) -> None:
    colour = portrait.identity.scene.hat_colour
    size = _reach(portrait) * 1.04
    dome = smooth(
        [
            (-1.0, -0.42),
            (-0.96, -0.85),
            (-0.5, -1.16),
            (0, -1.22),
            (0.5, -1.16),
            (0.96, -0.85),
            (1.0, -0.42),
        ]
    )
    pen.polygon(dome * size, colour)
    brim = smooth([(-1.0, -0.46), (-0.5, -0.6), (0, -0.65), (0.5, -0.6), (1.0, -0.46)])
    pen.ribbon(brim * size, 0.15, shadow(colour, 0.22))
    pen.ellipse(0, -1.24 * size[1], 0.1, 0.1, shine(colour, 0.25))


_HATS = {"headband": _headband, "beanie": _beanie}
