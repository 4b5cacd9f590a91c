"""Drawing of the face: skin, ears, eyes, brows, nose, mouth, beard, age, glasses."""

import numpy as np

from stargan_tf.toon_faces.drawing import (
    CIRCLE,
    INK,
    RING,
    WHITE,
    Pen,
    mix,
    shadow,
    shine,
    smooth,
    smooth_loop,
    symmetric_loop,
)
from stargan_tf.toon_faces.hair import STYLES
from stargan_tf.toon_faces.people import Portrait

EYE_Y = 0.045
_BROW_Y = -0.135
_MOUTH_Y = 0.36

# Half width, upper height, lower height, and rise of the outer corner.
_EYES = {
    "round": (0.098, 0.084, 0.058, 0.0),
    "almond": (0.11, 0.07, 0.045, 0.016),
    "hooded": (0.105, 0.06, 0.052, -0.008),
    "narrow": (0.112, 0.056, 0.042, 0.01),
}
_LID_X = np.linspace(-1, 1, 15)
_LID_BULGE = (1 - _LID_X**2) ** 0.75
# Half width, and distance of the tip below its default position.
_NOSES = {
    "button": (0.06, -0.01),
    "straight": (0.055, 0.01),
    "wide": (0.085, 0.0),
    "long": (0.06, 0.035),
}
# Denser toward the corners, where an open mouth is round.
_LIP_X = np.sin(np.linspace(-np.pi / 2, np.pi / 2, 21))
_BAG_X = np.linspace(-1, 1, 13)
_BAG_BULGE = np.sqrt(1 - _BAG_X**2)
_TAPER = np.sin(np.linspace(0, np.pi, 31))[:, None]
_DROP = smooth_loop([(0, -0.075), (0.04, 0.01), (0, 0.055), (-0.04, 0.01)])
_DARK, _TONGUE, _WATER = (104, 26, 40), (232, 108, 116), (110, 190, 240)


def draw_ears(pen: Pen, portrait: Portrait) -> None:
    """Draws both ears and the earrings, unless hair covers them."""
    person = portrait.person
    if STYLES[person.hair_style].covers_ears:
        return
    for side in (-1, 1):
        x = side * person.width * 1.02
        pen.ellipse(x, 0.07, 0.085, 0.115, portrait.skin)
        pen.ellipse(x + 0.01 * side, 0.075, 0.045, 0.07, portrait.shade)
        if person.earrings == "stud":
            pen.ellipse(x, 0.18, 0.034, 0.034, person.metal)
        elif person.earrings == "hoop":
            pen.ribbon(RING * (0.05, 0.06) + (x, 0.235), 0.022, person.metal)


def draw_skin(pen: Pen, portrait: Portrait) -> None:
    """Draws the area of the face, and the shadow on the side away from the light."""
    outline = portrait.outline
    pen.polygon(outline, portrait.skin)
    edge = outline[13:44] if pen.light > 0 else outline[28:59]
    inner = edge * (1 - _TAPER * (0.17, 0.06))
    color = mix(portrait.skin, portrait.shade, 0.7)
    pen.polygon(np.concatenate([edge, inner[::-1]]), color)


def draw_cheeks(pen: Pen, portrait: Portrait) -> None:
    """Draws blush (if young or happy) and freckles."""
    blush = 0.17 * portrait.look.young + 0.2 * (portrait.mark == "blush")
    for side in (-1, 1):
        x = side * 0.27
        if blush:
            color = mix(portrait.skin, (240, 84, 84), blush)
            pen.ellipse(x, 0.225, 0.095, 0.06, color)
        if portrait.person.freckles:
            for dx, dy in ((-0.05, 0), (0, -0.025), (0.05, 0.005), (0.01, 0.03)):
                pen.ellipse(x + dx, 0.2 + dy, 0.01, 0.01, shadow(portrait.skin, 0.4))


def draw_age(pen: Pen, portrait: Portrait) -> None:
    """Draws wrinkles and bags under the eyes if the look is not young."""
    if portrait.look.young:
        return
    color = shadow(portrait.skin, 0.28)
    bag = mix(shadow(portrait.skin, 0.26), (122, 84, 120), 0.16)
    for y, reach in ((-0.33, 0.17), (-0.265, 0.2)):
        line = [(-reach, y), (-0.07, y - 0.015), (0.07, y - 0.005), (reach, y)]
        pen.ribbon(smooth(line), 0.024, color)
    gap = portrait.person.eye_gap
    fold = smooth([(0.1, 0.2), (0.17, 0.26), (0.215, 0.35)])
    for side in (-1, 1):
        x = side * gap + 0.1 * _BAG_X
        top = EYE_Y + 0.055 + 0.02 * _BAG_BULGE
        edge = np.stack([x, top + 0.05 * _BAG_BULGE], axis=1)
        pen.band(x, top, edge[:, 1], bag)
        pen.ribbon(edge[1:-1], 0.014, shadow(portrait.skin, 0.3))
        for dy, rise in ((0.0, -0.03), (0.03, 0.03)):
            root, tip = (
                (gap + 0.135, EYE_Y + dy),
                (gap + 0.135 + 0.065, EYE_Y + dy + rise),
            )
            pen.ribbon(np.array([root, tip]) * (side, 1), 0.02, color)
        pen.ribbon(fold * (side, 1), np.linspace(0.016, 0.032, 13), color)


def draw_eyes(pen: Pen, portrait: Portrait) -> None:
    """Draws both eyes: white, iris clipped by the lids, upper lid, and lashes."""
    for side in (-1, 1):
        eye = pen.moved(side * portrait.person.eye_gap, EYE_Y)
        _draw_eye(eye, portrait, side)


def _draw_eye(pen: Pen, portrait: Portrait, side: int) -> None:
    person, moves = portrait.person, portrait.moves
    width, up, down, rise = (person.eye_size * v for v in _EYES[person.eye_shape])
    x, outward = _LID_X * width, _LID_X * side
    slant = moves.lid_slant * -outward * (_LID_BULGE + 0.3)
    upper = -rise * outward - up * moves.upper_lid * _LID_BULGE + slant
    lower = -rise * outward + down * moves.lower_lid * _LID_BULGE
    lower = np.maximum(upper + 0.012, lower)
    pen.band(x, upper, lower, WHITE)
    _draw_iris(pen, portrait, x, upper, lower)
    made_up = portrait.look.made_up
    lid = np.stack([x, upper], axis=1)
    pen.ribbon(lid, 0.031 if made_up else 0.026, INK)
    if made_up:
        outer = lid if side > 0 else lid[::-1]
        for root, reach, height in (
            (outer[-1], 0.05, 0.045),
            (outer[-4], 0.042, 0.055),
        ):
            lash = [root, root + np.array((side * reach, -height))]
            pen.ribbon(lash, np.array([0.03, 0.012]), INK)


def _draw_iris(pen: Pen, portrait: Portrait, x, upper, lower) -> None:
    person, moves = portrait.person, portrait.moves
    radius = 0.062 * person.eye_size * moves.iris
    middle = moves.eye_direction * x[-1] + 0.008 * person.yaw
    height = -0.012 + 0.5 * (upper[7] + lower[7]) * (moves.upper_lid < 0.6)
    for share, color in ((1, person.eye_color), (0.55, INK)):
        disc_x, disc_y = (CIRCLE * (radius * share) + (middle, height)).T
        top, bottom = np.interp(disc_x, x, upper), np.interp(disc_x, x, lower)
        pen.polygon(np.stack([disc_x, np.clip(disc_y, top, bottom)], axis=1), color)
    shine_x = middle + pen.light * 0.35 * radius
    pen.ellipse(shine_x, height - 0.3 * radius, 0.017, 0.017, WHITE)


def draw_brows(pen: Pen, portrait: Portrait) -> None:
    """Draws both brows in the color of the hair, thick if male."""
    person, moves = portrait.person, portrait.moves
    gap, width = person.eye_gap, person.brow_width
    inner, outer = _BROW_Y + moves.brow_inner, _BROW_Y + 0.02 + moves.brow_outer
    arch = person.brow_arch + moves.brow_arch
    for side in (-1, 1):
        lift = moves.one_brow * (side == person.side)
        line = [
            (gap - 0.75 * width, inner - 0.6 * lift),
            (gap + 0.2 * width, 0.5 * (inner + outer) - arch - 1.1 * lift),
            (gap + width, outer - 0.7 * lift),
        ]
        thick = 0.068 if portrait.look.male else 0.036
        profile = thick * np.linspace(1, 0.45, 13)
        pen.ribbon(smooth(line) * (side, 1), profile, portrait.brows)


def draw_nose(pen: Pen, portrait: Portrait) -> None:
    """Draws the nose, with wrinkles if disgusted."""
    person, skin = portrait.person, portrait.skin
    nose = pen.moved(0.015 * person.yaw, 0)
    wide, below = _NOSES[person.nose]
    wide, tip = wide * person.nose_size, 0.2 + below
    bridge = smooth([(0.02, EYE_Y + 0.03), (0.035, 0.12), (0.6 * wide, tip)])
    bridge = bridge * (-pen.light, 1)
    nose.ribbon(bridge, np.linspace(0.012, 0.03, 13), portrait.shade)
    nose.ellipse(0, tip + 0.005, wide, 0.038, shadow(skin, 0.24))
    nose.ellipse(0, tip - 0.008, wide * 0.92, 0.034, shine(skin, 0.12))
    if portrait.mark == "wrinkle":
        for y in (0.02, 0.065):
            line = smooth([(-0.05, y), (0, y - 0.025), (0.05, y)])
            nose.ribbon(line, 0.02, shadow(skin, 0.5))


def _mouth(portrait: Portrait) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns x and the upper and lower edges of the opening, each (21,)."""
    person, moves = portrait.person, portrait.moves
    bulge = np.maximum(1 - _LIP_X**2, 0) ** moves.box
    line = _MOUTH_Y - moves.smirk * np.maximum(_LIP_X * person.side + 0.3, 0) ** 1.5
    rest = line + person.mouth_curve * (1 - _LIP_X**2)
    x = _LIP_X * person.mouth_width * moves.mouth_width
    return x, rest + moves.upper * bulge, rest + moves.lower * bulge


def draw_mouth(pen: Pen, portrait: Portrait) -> None:
    """Draws lips, opening, teeth, and tongue."""
    x, upper, lower = _mouth(portrait)
    made_up = portrait.look.made_up
    color = mix(portrait.skin, (196, 92, 92), 0.5)
    if made_up:
        color = portrait.person.lipstick
    full = 0.9 if made_up else 0.5
    swell = np.sqrt(np.maximum(1 - _LIP_X**2, 0))
    bow = 1 - 0.35 * np.exp(-((_LIP_X / 0.18) ** 2))
    lip = upper - full * (0.012 + 0.038 * swell * bow)
    pen.band(x * 1.08, lip, lower + full * (0.012 + 0.05 * swell), color)
    if (lower - upper).max() > 0.01:
        pen.band(x, upper, lower, _DARK)
        _draw_teeth(pen, portrait.teeth, x, upper, lower)
        _draw_tongue(pen, portrait.moves.tongue, x, upper, lower)
    else:
        middle = np.stack([x * 1.04, upper], axis=1)
        pen.ribbon(middle, 0.024, shadow(mix(color, _DARK, 0.6), 0.2))


def _draw_teeth(pen: Pen, teeth: str | None, x, upper, lower) -> None:
    if teeth == "top":
        pen.band(x * 0.96, upper, upper + 0.36 * (lower - upper), WHITE)
    elif teeth:
        pen.band(x * 0.94, upper + 0.012, lower - 0.012, WHITE)
        middle = 0.5 * (upper + lower)
        if teeth == "chattering":
            middle = middle + 0.016 * np.sin(_LIP_X * 3 * np.pi)
        pen.ribbon(np.stack([x * 0.94, middle], axis=1), 0.016, _DARK)
        for row in (7, 10, 13):
            gap = [(x[row], upper[row]), (x[row], lower[row])]
            pen.ribbon(gap, 0.012, mix(_DARK, WHITE, 0.35))


def _draw_tongue(pen: Pen, size: float, x, upper, lower) -> None:
    if size > 1:
        y = lower[10]
        pen.ellipse(0, y + 0.01, 0.085, 0.1, shadow(_TONGUE, 0.2))
        pen.ellipse(0, y, 0.078, 0.095, _TONGUE)
        pen.ribbon([(0, y - 0.03), (0, y + 0.05)], 0.016, shadow(_TONGUE, 0.3))
    elif size:
        inner = np.abs(_LIP_X) < 0.66
        top = lower - size * (lower - upper) * (1 - (_LIP_X / 0.66) ** 2)
        pen.band(x[inner], top[inner], lower[inner] - 0.008, _TONGUE)


def draw_beard(head: Pen, features: Pen, portrait: Portrait) -> None:
    """Draws the person's beard if the look is male."""
    if not portrait.look.male:
        return
    style, color = portrait.person.beard, portrait.brows
    if style == "stubble":
        color = mix(portrait.skin, color, 0.6)
    if style in ("full", "boxed", "stubble"):
        width, cheek = portrait.person.width, 0.16 if style == "full" else 0.3
        right = np.array([(0.9 * width, -0.06), (0.8 * width, cheek), (0.22, 0.3)])
        inner = np.concatenate([right, [(0, 0.27)], right[::-1] * (-1, 1)])
        outer = portrait.outline[15:52] * (1.015, 1.03)
        head.polygon(np.concatenate([outer, smooth(inner)]), color)
    elif style == "goatee":
        half = [(-0.2, 0.3), (-0.205, 0.4), (-0.17, 0.52), (-0.08, 0.6)]
        features.polygon(symmetric_loop(half), color)
    reach = 0.19 * (1.35 if style == "moustache" else 1.0)
    half = [(-0.03, -0.085), (-0.12, -0.075), (-reach, 0.03), (-0.1, -0.005)]
    lip = features.moved(0, _mouth(portrait)[1][10] - 0.02)
    lip.polygon(symmetric_loop([*half, (-0.02, -0.012)]), color)


def draw_glasses(pen: Pen, portrait: Portrait) -> None:
    """Draws the person's glasses, if any."""
    person = portrait.person
    if person.glasses == "none":
        return
    rim, gap = RING * (0.155, 0.15), person.eye_gap
    if person.glasses == "square":
        rim = np.sign(RING) * np.abs(RING) ** 0.5 * (0.16, 0.125)
    for side in (-1, 1):
        pen.ribbon(rim + np.array((side * gap, EYE_Y + 0.015)), 0.024, person.frame)
        arm = np.array([(gap + 0.155, EYE_Y), (0.45, EYE_Y - 0.02)])
        pen.ribbon(arm * (side, 1), 0.024, person.frame)
    inner = gap - 0.155
    bridge = smooth([(-inner, EYE_Y), (0, EYE_Y - 0.025), (inner, EYE_Y)])
    pen.ribbon(bridge, 0.024, person.frame)


def draw_marks(pen: Pen, portrait: Portrait) -> None:
    """Draws the furrow (angry), tear (sad), or sweat (fearful) of an expression."""
    side = portrait.person.side
    if portrait.mark == "furrow":
        line = [(0.028, -0.02), (0.022, 0.03), (0.03, 0.07)]
        line = smooth([(x, _BROW_Y + y) for x, y in line])
        for side in (-1, 1):
            pen.ribbon(line * (side, 1), 0.02, shadow(portrait.skin, 0.5))
    elif portrait.mark == "tear":
        pen.polygon(_DROP * 1.1 + np.array((side * 0.235, EYE_Y + 0.145)), _WATER)
    elif portrait.mark == "sweat":
        pen.polygon(_DROP + np.array((side * 0.375, EYE_Y - 0.03)), _WATER)
