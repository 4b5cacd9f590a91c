"""Beards and moustaches, in the hair's colour."""

import numpy as np

from stargan_tf.toon_faces.curves import mirrored, smooth, smooth_loop
from stargan_tf.toon_faces.mouth import mouth_line
from stargan_tf.toon_faces.palette import Colour, mix
from stargan_tf.toon_faces.pen import Pen
from stargan_tf.toon_faces.portrait import Portrait


def draw_beard(head: Pen, features: Pen, portrait: Portrait) -> None:
    """Draws the person's beard, if the look is male.

    Args:
        head: the head's frame, for what follows the jaw.
        features: the features' frame, for what follows the mouth.
        portrait: the person and the look.
    """
    if not portrait.look.male:
        return
    style = portrait.identity.hair.beard
    colour = portrait.beard
    if style == "stubble":
        colour = mix(portrait.skin, colour, 0.6)
    if style in ("full", "boxed", "stubble"):
        _jaw(head, portrait, colour, cheek=0.16 if style == "full" else 0.3)
    if style == "goatee":
        _goatee(features, colour)
    _moustache(features, portrait, colour, 1.35 if style == "moustache" else 1.0)


def _jaw(pen: Pen, portrait: Portrait, colour: Colour, cheek: float) -> None:
    outer = portrait.outline[15:52] * (1.015, 1.03)
    width = portrait.identity.face.width
    inner = smooth(
        [
            (0.9 * width, -0.06),
            (0.8 * width, cheek),
            (0.22, 0.30),
            (0, 0.27),
            (-0.22, 0.30),
            (-0.8 * width, cheek),
            (-0.9 * width, -0.06),
        ]
    )
    pen.polygon(np.concatenate([outer, inner]), colour)


def _goatee(pen: Pen, colour: Colour) -> None:
    half = [(-0.2, 0.3), (-0.205, 0.4), (-0.17, 0.52), (-0.08, 0.6)]
    pen.polygon(smooth_loop(mirrored(half)), colour)


def _moustache(pen: Pen, portrait: Portrait, colour: Colour, size: float) -> None:
    line = mouth_line(portrait)
    lip = pen.moved(0, float(line.upper[10]) - 0.02)
    reach = 0.19 * size
    half = [(-0.03, -0.085), (-0.12, -0.075), (-reach, 0.03), (-0.1, -0.005)]
    lip.polygon(smooth_loop(mirrored([*half, (-0.02, -0.012)])), colour)
