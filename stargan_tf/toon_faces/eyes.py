"""Eyes and brows."""

import numpy as np

from stargan_tf.toon_faces.curves import ellipse, smooth
from stargan_tf.toon_faces.palette import INK, WHITE
from stargan_tf.toon_faces.pen import Pen
from stargan_tf.toon_faces.portrait import BROW_Y, EYE_Y, Portrait

# half width, upper height, lower height, rise of the outer corner
_SHAPES = {
    "round": (0.098, 0.084, 0.058, 0.0),
    "almond": (0.11, 0.07, 0.045, 0.016),
    "hooded": (0.105, 0.06, 0.052, -0.008),
    "narrow": (0.112, 0.056, 0.042, 0.01),
}
_ACROSS = np.linspace(-1, 1, 15)
_BULGE = (1 - _ACROSS**2) ** 0.75


def draw_eyes(pen: Pen, portrait: Portrait) -> None:
    """Draws both eyes: white, iris cut by the lids, upper lid line, lashes."""
    for side in (-1, 1):
        gap = portrait.identity.features.eye_gap
        _eye(pen.moved(side * gap, EYE_Y), portrait, side)


def _eye(pen: Pen, portrait: Portrait, side: int) -> None:
    width, upper, lower = _lids(portrait, side)
    x = _ACROSS * width
    pen.band(x, upper, lower, WHITE)
    _iris(pen, portrait, x, upper, lower)
    lid = np.stack([x, upper], axis=1)
    thick = 0.031 if portrait.look.made_up else 0.026
    pen.ribbon(lid, thick, INK)
    if portrait.look.made_up:
        _lashes(pen, lid, side)


def _lids(portrait: Portrait, side: int) -> tuple[float, np.ndarray, np.ndarray]:
    """Half width, and the heights of both lids over `_ACROSS`."""
    features, moves = portrait.identity.features, portrait.expression
    width, up, down, rise = (
        features.eye_size * value for value in _SHAPES[features.eye_shape]
    )
    outward = _ACROSS * side
    corner = -rise * outward
    slant = moves.lid_slant * -outward * (_BULGE + 0.3)
    upper = corner - up * moves.upper_lid * _BULGE + slant
    lower = corner + down * moves.lower_lid * _BULGE
    return width, upper, np.maximum(upper + 0.012, lower)


def _iris(pen: Pen, portrait: Portrait, x, upper, lower) -> None:
    features, moves = portrait.identity.features, portrait.expression
    radius = 0.062 * features.eye_size * moves.iris
    middle = moves.gaze * x[-1] + 0.008 * portrait.identity.pose.yaw
    height = -0.012 + 0.5 * (upper[7] + lower[7]) * (moves.upper_lid < 0.6)
    for share, colour in ((1, features.eye_colour), (0.55, INK)):
        disc = ellipse(middle, height, radius * share, radius * share)
        disc[:, 1] = np.clip(
            disc[:, 1], np.interp(disc[:, 0], x, upper), np.interp(disc[:, 0], x, lower)
        )
        pen.polygon(disc, colour)
    pen.ellipse(
        middle + pen.light * 0.35 * radius, height - 0.3 * radius, 0.017, 0.017, WHITE
    )


def _lashes(pen: Pen, lid: np.ndarray, side: int) -> None:
    outer = lid if side > 0 else lid[::-1]
    for row, reach in ((-1, 0.05), (-4, 0.042)):
        root = outer[row]
        tip = root + np.array((side * reach, -0.045 - 0.01 * (row < -1)))
        pen.ribbon(np.array([root, tip]), np.array([0.03, 0.012]), INK)


def draw_brows(pen: Pen, portrait: Portrait) -> None:
    """Draws both brows in the hair's colour, thick for male."""
    look, colour = portrait.look, portrait.beard
    for side in (-1, 1):
        curve = _brow(portrait, side)
        thick = 0.068 if look.male else 0.036
        profile = thick * np.linspace(1, 0.45, len(curve))
        pen.ribbon(curve, profile, colour)


def _brow(portrait: Portrait, side: int) -> np.ndarray:
    features, moves = portrait.identity.features, portrait.expression
    lift = moves.one_brow * (side == portrait.identity.hair.side)
    inner, outer = BROW_Y + moves.brow_inner, BROW_Y + 0.02 + moves.brow_outer
    arch = features.brow_arch + moves.brow_arch
    width = features.brow_width
    points = [
        (features.eye_gap - 0.75 * width, inner - 0.6 * lift),
        (features.eye_gap + 0.2 * width, 0.5 * (inner + outer) - arch - 1.1 * lift),
        (features.eye_gap + width, outer - 0.7 * lift),
    ]
    return smooth(points) * (side, 1)
