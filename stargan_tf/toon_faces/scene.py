"""Neck, shoulders and clothes."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from stargan_tf.toon_faces.drawing import (
    Colour,
    Pen,
    ellipse,
    facial_hair,
    hair_colour,
    mirrored,
    mix,
    shadow,
    shifted,
    shine,
    smooth,
    smooth_loop,
)
from stargan_tf.toon_faces.identity import (
    Expression,
    FaceShape,
    Identity,
    Look,
    Scene,
    expression,
)

# What is behind the person.


def blank(scene: Scene, side: int) -> Image.Image:
    """A canvas of `side` pixels with the background's base colour or gradient."""
    tint = np.array(scene.tint)
    colour = np.array(shine(scene.back, 0.25)) * tint
    if scene.background != "gradient":
        fill = tuple(int(c) for c in np.minimum(colour, 255))
        return Image.new("RGB", (side, side), fill)
    end = np.array(mix(scene.back, scene.back_accent, 0.6)) * tint
    share = np.linspace(0, 1, side)[:, None, None]
    rows = np.minimum(colour * (1 - share) + end * share, 255).astype(np.uint8)
    return Image.fromarray(rows).resize((side, side), Image.Resampling.NEAREST)


def draw_background(pen: Pen, scene: Scene) -> None:
    """Adds the pattern, if the scene has one."""
    pattern = _PATTERNS.get(scene.background)
    if pattern is not None:
        base = shine(scene.back, 0.25)
        pattern(pen, mix(base, scene.back_accent, 0.4))


def _halo(pen: Pen, colour) -> None:
    pen.ellipse(0, 0, 0.86, 0.86, colour)


def _stripes(pen: Pen, colour) -> None:
    bar = np.array([(-0.1, -1.05), (0.1, -1.05), (-0.5, 1.05), (-0.7, 1.05)])
    for x in np.arange(-1.0, 1.8, 0.45):
        pen.polygon(shifted(bar, x, 0), colour)


def _dots(pen: Pen, colour) -> None:
    dot = ellipse(0, 0, 0.06, 0.06)
    for row, y in enumerate(np.arange(-0.9, 0.8, 0.3)):
        shift = 0.17 * (row % 2)
        for x in (-0.95 + shift, -0.61 + shift, 0.44 + shift, 0.78 + shift):
            pen.polygon(shifted(dot, x, y), colour)


def _hills(pen: Pen, colour) -> None:
    pen.ellipse(-0.75, 0.85, 0.8, 0.75, colour)
    pen.ellipse(0.8, 0.95, 0.7, 0.65, shine(colour, 0.25))


def _rays(pen: Pen, colour) -> None:
    angles = np.arange(0, 2 * np.pi, np.pi / 5)
    for angle in angles:
        ends = 2 * np.array([(np.cos(angle + d), np.sin(angle + d)) for d in (0, 0.3)])
        pen.polygon(np.concatenate([[(0, 0)], ends]), colour)


_PATTERNS = {
    "halo": _halo,
    "stripes": _stripes,
    "dots": _dots,
    "hills": _hills,
    "rays": _rays,
}


# One person with one look: the colours and curves that all parts share.

EYE_Y = 0.045
BROW_Y = -0.135
MOUTH_Y = 0.36
_DULL: Colour = (158, 148, 140)


@dataclass(frozen=True)
class Portrait:
    """What the drawing of each part needs to know.

    Args:
        identity: the person.
        look: the attributes.
        expression: the muscle positions of `look.expression`.
        skin: the skin's colour; older skin is duller.
        shade: the skin in shadow.
        hair: the hair's colour.
        beard: the colour of brows and beard; the same at any age.
        outline: (72, 2) the face's outline, see `face_outline`.
    """

    identity: Identity
    look: Look
    expression: Expression
    skin: Colour
    shade: Colour
    hair: Colour
    beard: Colour
    outline: np.ndarray


def portrait(identity: Identity, look: Look) -> Portrait:
    """Prepares `identity` for being drawn with `look`."""
    own = identity.features.skin
    skin = own if look.young else mix(own, _DULL, 0.24)
    hair = identity.hair.dye or hair_colour(look.hair_colour, identity.hair.shade)
    return Portrait(
        identity=identity,
        look=look,
        expression=expression(look.expression),
        skin=skin,
        shade=shadow(skin, 0.17),
        hair=hair,
        beard=facial_hair(hair, own),
        outline=face_outline(identity.face),
    )


def face_outline(face: FaceShape) -> np.ndarray:
    """The outline of a face.

    Returns:
        Float array (72, 2): 36 points down the left side (negative x), then 36 up
        the right; rows 18 to 48 run from ear to ear around the chin.
    """
    half = [
        (-0.35, -0.98),
        (-0.75, -0.8),
        (-1.0, -0.35),
        (-face.cheek, 0.12),
        (-face.jaw, 0.6),
        (-face.chin, 0.94),
    ]
    return smooth_loop(mirrored(half)) * (face.width, face.height)


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
