"""Draws a person: the order of the layers, and the reduction to the asked size."""

import math

import numpy as np
from PIL import ImageDraw

from stargan_tf.errors import InputError
from stargan_tf.toon_faces import face
from stargan_tf.toon_faces.drawing import Pen
from stargan_tf.toon_faces.hair import draw_back_hair, draw_front_hair
from stargan_tf.toon_faces.people import Identity, Look, Portrait
from stargan_tf.toon_faces.scene import blank, draw_background, draw_body

# Raise it whenever any pixel changes: it is part of the caches' key.
RENDERER_VERSION = 7
SMALLEST, LARGEST = 32, 256
_CANVAS = 384
_ZOOM = 1.32
_CHILD_SHOULDERS = 0.84


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
    canvas = blank(person, image_size * factor)
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
    draw_background(pen, person)
    pen = pen.turned(0, _ZOOM)
    shoulders = _CHILD_SHOULDERS if portrait.look.child else 1.0
    body = pen.moved(0.7 * person.dx, person.dy).turned(0, shoulders)
    head = pen.moved(person.dx, person.dy).turned(person.roll, person.scale)
    features = head.moved(0.035 * person.yaw, 0.015 * person.pitch + person.drop)
    draw_back_hair(head, portrait)
    draw_body(body, portrait)
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
