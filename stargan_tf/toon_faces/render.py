"""Draws a person in a scene: background, clothes, and the order of all layers."""

import math

import numpy as np
from PIL import Image, ImageDraw

from stargan_tf.errors import InputError
from stargan_tf.toon_faces import face
from stargan_tf.toon_faces.drawing import Pen, mix, shadow, shine, smooth
from stargan_tf.toon_faces.hair import draw_back_hair, draw_front_hair
from stargan_tf.toon_faces.people import Identity, Look, Portrait

# Raise it whenever any pixel changes: it is part of the caches' key.
RENDERER_VERSION = 7
SMALLEST, LARGEST = 32, 256
_CANVAS = 384
_ZOOM = 1.32
_CHILD_SHOULDERS = 0.84
_SHOULDERS = np.concatenate(
    [
        smooth([(-0.95, 1.3), (-0.8, 0.92), (-0.5, 0.78), (-0.2, 0.7)]),
        smooth([(0.2, 0.7), (0.5, 0.78), (0.8, 0.92), (0.95, 1.3)]),
    ]
)
_CHIN_SHADOW = smooth([(-0.2, 0.6), (0, 0.74), (0.2, 0.6)])


def render(person: Identity, look: Look, image_size: int) -> np.ndarray:
    """Draws `person` with `look`.

    Args:
        person: see `draw_identity`.
        look: hair color, sex, age and expression.
        image_size: side of the image in pixels, from 32 to 256.

    Returns:
        uint8 array (image_size, image_size, 3), RGB; the same bytes each time.

    Raises:
        InputError: if the size is out of range.
    """
    check_drawable(image_size)
    # Pillow's shapes have hard edges: they are drawn larger, then averaged.
    factor = max(2, math.ceil(_CANVAS / image_size))
    canvas = _blank(person, image_size * factor)
    half = canvas.width / 2
    pen = Pen(
        draw=ImageDraw.Draw(canvas),
        matrix=np.eye(2) * half,
        offset=np.array((half - 0.5, half - 0.5)),
        tint=person.tint,
        light=person.light,
    )
    _draw_layers(pen, Portrait(person, look))
    return np.asarray(canvas.reduce(factor))


def check_drawable(image_size: int) -> None:
    """Raises InputError unless `image_size` is in [32, 256]."""
    if not SMALLEST <= image_size <= LARGEST:
        nearest = min(max(image_size, SMALLEST), LARGEST)
        raise InputError(
            f"Drawn faces have {SMALLEST} to {LARGEST} pixels. Received: "
            f"image_size={image_size}. Try image_size={nearest}."
        )


def _draw_layers(pen: Pen, portrait: Portrait) -> None:
    person = portrait.person
    _draw_background(pen, person)
    pen = pen.turned(0, _ZOOM)
    shoulders = _CHILD_SHOULDERS if portrait.look.child else 1.0
    body = pen.moved(0.7 * person.dx, person.dy).turned(0, shoulders)
    head = pen.moved(person.dx, person.dy).turned(person.roll, person.scale)
    features = head.moved(0.035 * person.yaw, 0.015 * person.pitch + person.drop)
    draw_back_hair(head, portrait)
    _draw_body(body, portrait)
    face.draw_ears(head, portrait)
    face.draw_skin(head, portrait)
    face.draw_cheeks(features, portrait)
    face.draw_age(features, portrait)
    face.draw_beard(head, features, portrait)
    face.draw_mouth(features, portrait)
    face.draw_nose(features, portrait)
    face.draw_eyes(features, portrait)
    draw_front_hair(head, portrait)
    # Brows and glasses go over the hair: an expression must show under any fringe.
    face.draw_brows(features, portrait)
    face.draw_glasses(features, portrait)
    face.draw_marks(features, portrait)


def _blank(person: Identity, side: int) -> Image.Image:
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


def _draw_background(pen: Pen, person: Identity) -> None:
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


def _draw_body(pen: Pen, portrait: Portrait) -> None:
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
