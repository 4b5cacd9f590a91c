"""Draws a person: the order of the layers, and the reduction to the asked size."""

import math

import numpy as np
from PIL import Image, ImageDraw

from stargan_tf.errors import InputError
from stargan_tf.toon_faces.drawing import Pen
from stargan_tf.toon_faces.face import (
    draw_age,
    draw_beard,
    draw_brows,
    draw_cheeks,
    draw_ears,
    draw_extras,
    draw_eyes,
    draw_glasses,
    draw_mouth,
    draw_nose,
    draw_skin,
)
from stargan_tf.toon_faces.hair import draw_back_hair, draw_front_hair
from stargan_tf.toon_faces.identity import Identity, Look, Scene
from stargan_tf.toon_faces.scene import (
    Portrait,
    blank,
    draw_background,
    draw_body,
    portrait,
)

# Raise it whenever any pixel changes: it is part of the caches' key.
RENDERER_VERSION = 7
SMALLEST, LARGEST = 32, 256
_CANVAS = 384
_ZOOM = 1.32
_CHILD_SHOULDERS = 0.84


def render(identity: Identity, look: Look, image_size: int) -> np.ndarray:
    """Draws `identity` with `look`.

    Args:
        identity: the person, see `draw_identity`.
        look: hair colour, sex, age and expression.
        image_size: side of the picture in pixels, from 32 to 256.

    Returns:
        uint8 array (image_size, image_size, 3), RGB; the same bytes each time.

    Raises:
        InputError: if the size is out of range.
    """
    check_drawable(image_size)
    # Pillow's shapes have hard edges: they are drawn larger, then averaged.
    factor = max(2, math.ceil(_CANVAS / image_size))
    canvas = blank(identity.scene, image_size * factor)
    _layers(_pen(canvas, identity.scene), portrait(identity, look))
    return np.asarray(canvas.reduce(factor))


def check_drawable(image_size: int) -> None:
    """Raises InputError unless `image_size` is in [32, 256]."""
    if not SMALLEST <= image_size <= LARGEST:
        nearest = min(max(image_size, SMALLEST), LARGEST)
        raise InputError(
            f"Drawn faces have {SMALLEST} to {LARGEST} pixels. Received: "
            f"image_size={image_size}. Try image_size={nearest}."
        )


def _pen(canvas: Image.Image, scene: Scene) -> Pen:
    half = canvas.width / 2
    return Pen(
        draw=ImageDraw.Draw(canvas),
        matrix=np.eye(2) * half,
        offset=np.array((half - 0.5, half - 0.5)),
        tint=scene.tint,
        light=scene.light,
    )


def _layers(pen: Pen, person: Portrait) -> None:
    pose = person.identity.pose
    draw_background(pen, person.identity.scene)
    pen = pen.turned(0, _ZOOM)
    shoulders = _CHILD_SHOULDERS if person.look.child else 1.0
    body = pen.moved(0.7 * pose.dx, pose.dy).turned(0, shoulders)
    head = pen.moved(pose.dx, pose.dy).turned(pose.roll, pose.scale)
    draw_back_hair(head, person)
    draw_body(body, person)
    draw_ears(head, person)
    draw_skin(head, person)
    _features(head, person)
    draw_front_hair(head, person)
    # Brows and glasses go over the hair: an expression must show under any fringe.
    features = _turned_features(head, person)
    draw_brows(features, person)
    draw_glasses(features, person)
    draw_extras(features, person)


def _features(head: Pen, person: Portrait) -> None:
    features = _turned_features(head, person)
    draw_cheeks(features, person)
    draw_age(features, person)
    draw_beard(head, features, person)
    draw_mouth(features, person)
    draw_nose(features, person)
    draw_eyes(features, person)


def _turned_features(head: Pen, person: Portrait) -> Pen:
    pose = person.identity.pose
    drop = person.identity.face.drop
    return head.moved(0.035 * pose.yaw, 0.015 * pose.pitch + drop)
