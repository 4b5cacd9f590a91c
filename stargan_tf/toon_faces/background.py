"""What is behind the person."""

import numpy as np
from PIL import Image

from stargan_tf.toon_faces.curves import ellipse, shifted
from stargan_tf.toon_faces.palette import mix, shine
from stargan_tf.toon_faces.pen import Pen
from stargan_tf.toon_faces.traits import Scene


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
