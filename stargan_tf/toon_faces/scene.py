"""What is around the face: the background, and neck, shoulders and clothes."""

import numpy as np
from PIL import Image

from stargan_tf.toon_faces.drawing import (
    Pen,
    mix,
    shadow,
    shine,
    smooth,
)
from stargan_tf.toon_faces.people import Identity, Portrait

_SHOULDERS = np.concatenate(
    [
        smooth([(-0.95, 1.3), (-0.8, 0.92), (-0.5, 0.78), (-0.2, 0.7)]),
        smooth([(0.2, 0.7), (0.5, 0.78), (0.8, 0.92), (0.95, 1.3)]),
    ]
)
_CHIN_SHADOW = smooth([(-0.2, 0.6), (0, 0.74), (0.2, 0.6)])


def blank(person: Identity, side: int) -> Image.Image:
    """A canvas of `side` pixels with the background's base color or gradient."""
    tint = np.array(person.tint)
    color = np.array(shine(person.back, 0.25)) * tint
    if person.background != "gradient":
        fill = np.minimum(color, 255).astype(int).tolist()
        return Image.new("RGB", (side, side), tuple(fill))
    end = np.array(mix(person.back, person.back_accent, 0.6)) * tint
    share = np.linspace(0, 1, side)[:, None, None]
    rows = np.minimum(color * (1 - share) + end * share, 255).astype(np.uint8)
    return Image.fromarray(rows).resize((side, side), Image.Resampling.NEAREST)


def draw_background(pen: Pen, person: Identity) -> None:
    """Adds the background's pattern, if it has one."""
    color = mix(shine(person.back, 0.25), person.back_accent, 0.4)
    match person.background:
        case "halo":
            pen.ellipse(0, 0, 0.86, 0.86, color)
        case "stripes":
            bar = np.array([(-0.1, -1.05), (0.1, -1.05), (-0.5, 1.05), (-0.7, 1.05)])
            for x in np.arange(-1.0, 1.8, 0.45):
                pen.polygon(bar + np.array((x, 0)), color)
        case "dots":
            for row, y in enumerate(np.arange(-0.9, 0.8, 0.3)):
                shift = 0.17 * (row % 2)
                for x in (-0.95, -0.61, 0.44, 0.78):
                    pen.ellipse(x + shift, y, 0.06, 0.06, color)
        case "hills":
            pen.ellipse(-0.75, 0.85, 0.8, 0.75, color)
            pen.ellipse(0.8, 0.95, 0.7, 0.65, shine(color, 0.25))
        case "rays":
            for angle in np.arange(0, 2 * np.pi, np.pi / 5):
                edges = angle + np.array((0, 0.3))
                ends = 2 * np.stack([np.cos(edges), np.sin(edges)], axis=1)
                pen.polygon(np.concatenate([[(0, 0)], ends]), color)


def draw_body(pen: Pen, portrait: Portrait) -> None:
    """Draws shoulders, neck and collar, all behind the head."""
    person = portrait.person
    cloth, accent = person.cloth, person.cloth_accent
    pen.polygon(_SHOULDERS, cloth)
    match person.clothes:
        case "round" | "stripes":
            if person.clothes == "stripes":
                bar = np.array([(-0.66, 0.84), (0.66, 0.84), (0.74, 0.9), (-0.74, 0.9)])
                pen.polygon(bar, accent)
                pen.polygon(bar * (1.16, 1) + (0, 0.11), accent)
            pen.ellipse(0, 0.72, 0.29, 0.2, shadow(cloth))
            _draw_neck(pen, portrait, 0.14)
        case "v_neck":
            opening = np.array([(-0.26, 0.68), (0.26, 0.68), (0, 1.02)])
            pen.polygon(opening * (1.2, 1.03), shadow(cloth))
            pen.polygon(opening, portrait.skin)
            _draw_neck(pen, portrait, 0.1)
        case "collar":
            _draw_neck(pen, portrait, 0.16)
            flap = np.array([(0.2, 0.66), (0.34, 0.74), (0.2, 1.0), (0.02, 0.86)])
            for side in (-1, 1):
                pen.polygon(flap * (side, 1), shine(accent, 0.35))
        case "turtleneck":
            _draw_neck(pen, portrait, 0.1)
            pen.ellipse(0, 0.8, 0.25, 0.14, cloth)
            pen.ellipse(0, 0.72, 0.235, 0.06, shadow(cloth))
        case "hoodie":
            pen.ellipse(0, 0.78, 0.44, 0.2, shadow(cloth, 0.2))
            _draw_neck(pen, portrait, 0.15)
            for x in (-0.13, 0.13):
                pen.ribbon([(x, 0.86), (x * 1.1, 1.05)], 0.03, shine(accent, 0.5))


def _draw_neck(pen: Pen, portrait: Portrait, depth: float) -> None:
    neck = np.array([(-0.19, 0.3), (0.19, 0.3), (0.21, 0.74), (-0.21, 0.74)])
    pen.ellipse(0, 0.72, 0.23, depth, portrait.skin)
    pen.polygon(neck, portrait.skin)
    chin = np.concatenate([[(0.2, 0.3), (-0.2, 0.3)], _CHIN_SHADOW])
    pen.polygon(chin, portrait.shade)
