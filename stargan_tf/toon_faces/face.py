"""The head without hair and features: ears, skin, shading, nose, cheeks."""

from dataclasses import dataclass

import numpy as np

from stargan_tf.toon_faces.drawing import (
    CIRCLE,
    INK,
    WHITE,
    Colour,
    Pen,
    ellipse,
    mirrored,
    mix,
    shadow,
    shifted,
    shine,
    smooth,
    smooth_loop,
)
from stargan_tf.toon_faces.identity import hair_style
from stargan_tf.toon_faces.scene import BROW_Y, EYE_Y, MOUTH_Y, Portrait

# Eyes and brows.

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


# The mouth: lips, teeth, tongue.

# Denser towards the corners, where an open mouth is round.
_ACROSS_MOUTH = np.sin(np.linspace(-np.pi / 2, np.pi / 2, 21))
_DARK = (104, 26, 40)
_TONGUE = (232, 108, 116)


@dataclass(frozen=True)
class MouthLine:
    """The opening of the mouth: `upper` and `lower` edges over `x`, each (21,)."""

    x: np.ndarray
    upper: np.ndarray
    lower: np.ndarray
    bulge: np.ndarray

    @property
    def is_open(self) -> bool:
        """Whether the edges part."""
        return bool((self.lower - self.upper).max() > 0.01)


def mouth_line(portrait: Portrait) -> MouthLine:
    """Where the lips meet or part, in the features' frame."""
    features, moves = portrait.identity.features, portrait.expression
    bulge = np.maximum(1 - _ACROSS_MOUTH**2, 0) ** moves.box
    side = portrait.identity.hair.side
    line = MOUTH_Y - moves.smirk * np.maximum(_ACROSS_MOUTH * side + 0.3, 0) ** 1.5
    rest = features.mouth_curve * (1 - _ACROSS_MOUTH**2)
    return MouthLine(
        x=_ACROSS_MOUTH * features.mouth_width * moves.mouth_width,
        upper=line + rest + moves.upper * bulge,
        lower=line + rest + moves.lower * bulge,
        bulge=bulge,
    )


def draw_mouth(pen: Pen, portrait: Portrait) -> None:
    """Draws lips, opening, teeth and tongue."""
    line = mouth_line(portrait)
    lips = _lip_colour(portrait)
    _lips(pen, portrait, line, lips)
    if line.is_open:
        pen.band(line.x, line.upper, line.lower, _DARK)
        _inside(pen, portrait, line)
    else:
        middle = np.stack([line.x * 1.04, line.upper], axis=1)
        pen.ribbon(middle, 0.024, shadow(mix(lips, _DARK, 0.6), 0.2))


def _lip_colour(portrait: Portrait):
    natural = mix(portrait.skin, (196, 92, 92), 0.5)
    return portrait.identity.features.lipstick if portrait.look.made_up else natural


def _lips(pen: Pen, portrait: Portrait, line: MouthLine, colour) -> None:
    full = 0.9 if portrait.look.made_up else 0.5
    swell = np.sqrt(np.maximum(1 - _ACROSS_MOUTH**2, 0))
    bow = 1 - 0.35 * np.exp(-((_ACROSS_MOUTH / 0.18) ** 2))
    x = line.x * 1.08
    upper = line.upper - full * (0.012 + 0.038 * swell * bow)
    lower = line.lower + full * (0.012 + 0.05 * swell)
    pen.band(x, upper, lower, colour)


def _inside(pen: Pen, portrait: Portrait, line: MouthLine) -> None:
    moves = portrait.expression
    depth = line.lower - line.upper
    if moves.teeth == "top":
        pen.band(line.x * 0.96, line.upper, line.upper + 0.36 * depth, WHITE)
    elif moves.teeth:
        _clenched(pen, line, wavy=moves.teeth == "wavy")
    if moves.tongue > 1:
        _tongue_out(pen, line)
    elif moves.tongue:
        inner = np.abs(_ACROSS_MOUTH) < 0.66
        top = line.lower - moves.tongue * depth * (1 - (_ACROSS_MOUTH / 0.66) ** 2)
        pen.band(line.x[inner], top[inner], line.lower[inner] - 0.008, _TONGUE)


def _clenched(pen: Pen, line: MouthLine, wavy: bool) -> None:
    pen.band(line.x * 0.94, line.upper + 0.012, line.lower - 0.012, WHITE)
    middle = 0.5 * (line.upper + line.lower)
    if wavy:
        middle = middle + 0.016 * np.sin(_ACROSS_MOUTH * 3 * np.pi)
    across = np.stack([line.x * 0.94, middle], axis=1)
    pen.ribbon(across, 0.016, _DARK)
    for row in (7, 10, 13):
        tooth = np.array([(line.x[row], y) for y in (line.upper[row], line.lower[row])])
        pen.ribbon(tooth, 0.012, mix(_DARK, WHITE, 0.35))


def _tongue_out(pen: Pen, line: MouthLine) -> None:
    y = line.lower[10]
    pen.ellipse(0, y + 0.01, 0.085, 0.1, shadow(_TONGUE, 0.2))
    pen.polygon(ellipse(0, y, 0.078, 0.095), _TONGUE)
    seam = np.array([(0, y - 0.03), (0, y + 0.05)])
    pen.ribbon(seam, 0.016, shadow(_TONGUE, 0.3))


# Beards and moustaches, in the hair's colour.


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


# The marks of age: wrinkles and bags under the eyes.

_ACROSS_AGE = np.linspace(-1, 1, 13)
_BULGE_AGE = np.sqrt(1 - _ACROSS_AGE**2)


def draw_age(pen: Pen, portrait: Portrait) -> None:
    """Draws wrinkles and bags, if the look is not young."""
    if portrait.look.young:
        return
    colour = shadow(portrait.skin, 0.28)
    _forehead(pen, colour)
    for side in (-1, 1):
        _bag(pen, portrait, side)
        _crow_feet(pen, portrait, side, colour)
        _fold(pen, side, colour)


def _forehead(pen: Pen, colour) -> None:
    for y, reach in ((-0.33, 0.17), (-0.265, 0.2)):
        curve = smooth([(-reach, y), (-0.07, y - 0.015), (0.07, y - 0.005), (reach, y)])
        pen.ribbon(curve, 0.024, colour)


def _bag(pen: Pen, portrait: Portrait, side: int) -> None:
    x = side * portrait.identity.features.eye_gap + 0.1 * _ACROSS_AGE
    top = EYE_Y + 0.055 + 0.02 * _BULGE_AGE
    tone = mix(shadow(portrait.skin, 0.26), (122, 84, 120), 0.16)
    pen.band(x, top, top + 0.05 * _BULGE_AGE, tone)
    edge = np.stack([x, top + 0.05 * _BULGE_AGE], axis=1)
    pen.ribbon(edge[1:-1], 0.014, shadow(portrait.skin, 0.3))


def _crow_feet(pen: Pen, portrait: Portrait, side: int, colour) -> None:
    x = portrait.identity.features.eye_gap + 0.135
    for dy, rise in ((0.0, -0.03), (0.03, 0.03)):
        root, tip = (x, EYE_Y + dy), (x + 0.065, EYE_Y + dy + rise)
        pen.ribbon(np.array([root, tip]) * (side, 1), 0.02, colour)


def _fold(pen: Pen, side: int, colour) -> None:
    curve = smooth([(0.1, 0.2), (0.17, 0.26), (0.215, 0.35)])
    pen.ribbon(curve * (side, 1), np.linspace(0.016, 0.032, 13), colour)


# Glasses, and the drops of fear and grief.

_DROP = smooth_loop([(0, -0.075), (0.04, 0.01), (0, 0.055), (-0.04, 0.01)])
_WATER = (110, 190, 240)


def draw_glasses(pen: Pen, portrait: Portrait) -> None:
    """Draws the person's glasses, if any."""
    scene, features = portrait.identity.scene, portrait.identity.features
    if scene.glasses == "none":
        return
    rim = _rim(scene.glasses)
    for side in (-1, 1):
        pen.ribbon(
            shifted(rim, side * features.eye_gap, EYE_Y + 0.015), 0.024, scene.frame
        )
        arm = np.array([(features.eye_gap + 0.155, EYE_Y), (0.45, EYE_Y - 0.02)])
        pen.ribbon(arm * (side, 1), 0.024, scene.frame)
    inner = features.eye_gap - 0.155
    bridge = smooth([(-inner, EYE_Y), (0, EYE_Y - 0.025), (inner, EYE_Y)])
    pen.ribbon(bridge, 0.024, scene.frame)


def _rim(kind: str) -> np.ndarray:
    closed = np.concatenate([CIRCLE, CIRCLE[:1]])
    if kind == "square":
        closed = np.sign(closed) * np.abs(closed) ** 0.5
        return closed * (0.16, 0.125)
    return closed * (0.155, 0.15)


def draw_extras(pen: Pen, portrait: Portrait) -> None:
    """Draws furrow, tear and sweat where the expression has them."""
    extras = portrait.expression.extras
    if "furrow" in extras:
        line = smooth(
            [(0.028, BROW_Y - 0.02), (0.022, BROW_Y + 0.03), (0.03, BROW_Y + 0.07)]
        )
        for side in (-1, 1):
            pen.ribbon(line * (side, 1), 0.02, shadow(portrait.skin, 0.5))
    side = portrait.identity.hair.side
    if "tear" in extras:
        pen.polygon(shifted(_DROP * 1.1, side * 0.235, EYE_Y + 0.145), _WATER)
    if "sweat" in extras:
        pen.polygon(shifted(_DROP, side * 0.375, EYE_Y - 0.03), _WATER)


_TAPER = np.sin(np.linspace(0, np.pi, 31))[:, None]


def draw_ears(pen: Pen, portrait: Portrait) -> None:
    """Draws both ears and the earrings, unless hair covers them."""
    if hair_style(portrait.identity.hair.style).covers_ears:
        return
    width = portrait.identity.face.width
    for side in (-1, 1):
        x = side * width * 1.02
        pen.ellipse(x, 0.07, 0.085, 0.115, portrait.skin)
        pen.ellipse(x + 0.01 * side, 0.075, 0.045, 0.07, portrait.shade)
        _earring(pen, portrait, x)


def _earring(pen: Pen, portrait: Portrait, x: float) -> None:
    scene = portrait.identity.scene
    if scene.earrings == "stud":
        pen.ellipse(x, 0.18, 0.034, 0.034, scene.metal)
    if scene.earrings == "hoop":
        circle = np.concatenate([CIRCLE, CIRCLE[:1]]) * (0.05, 0.06)
        pen.ribbon(shifted(circle, x, 0.235), 0.022, scene.metal)


def draw_skin(pen: Pen, portrait: Portrait) -> None:
    """Draws the face's area and the shadow on the side away from the light."""
    outline = portrait.outline
    pen.polygon(outline, portrait.skin)
    rows = slice(13, 44) if pen.light > 0 else slice(28, 59)
    edge = outline[rows]
    inner = edge * (1 - _TAPER * (0.17, 0.06))
    pen.polygon(
        np.concatenate([edge, inner[::-1]]), mix(portrait.skin, portrait.shade, 0.7)
    )


def draw_cheeks(pen: Pen, portrait: Portrait) -> None:
    """Draws blush (of the young, and of joy) and freckles."""
    look, features = portrait.look, portrait.identity.features
    blush = 0.17 * look.young + 0.2 * ("blush" in portrait.expression.extras)
    for side in (-1, 1):
        x = side * 0.27
        if blush:
            colour = mix(portrait.skin, (240, 84, 84), blush)
            pen.ellipse(x, 0.225, 0.095, 0.06, colour)
        if features.freckles:
            for dx, dy in ((-0.05, 0), (0, -0.025), (0.05, 0.005), (0.01, 0.03)):
                pen.ellipse(x + dx, 0.2 + dy, 0.01, 0.01, shadow(portrait.skin, 0.4))


def draw_nose(pen: Pen, portrait: Portrait) -> None:
    """Draws the nose; disgust wrinkles it."""
    features = portrait.identity.features
    nose = pen.moved(0.015 * portrait.identity.pose.yaw, 0)
    wide, long = _NOSES[features.nose]
    wide, tip = wide * features.nose_size, 0.2 + long
    shade = shadow(portrait.skin, 0.24)
    bridge = [(0.02, EYE_Y + 0.03), (0.035, 0.12), (0.6 * wide, tip)]
    side = np.array((-pen.light, 1))
    nose.ribbon(smooth(bridge) * side, np.linspace(0.012, 0.03, 13), portrait.shade)
    nose.ellipse(0, tip + 0.005, wide, 0.038, shade)
    nose.ellipse(0, tip - 0.008, wide * 0.92, 0.034, shine(portrait.skin, 0.12))
    if "nose" in portrait.expression.extras:
        _wrinkle(nose, shadow(portrait.skin, 0.5))


_NOSES = {
    "button": (0.06, -0.01),
    "straight": (0.055, 0.01),
    "wide": (0.085, 0.0),
    "long": (0.06, 0.035),
}


def _wrinkle(pen: Pen, colour) -> None:
    for y in (0.02, 0.065):
        pen.ribbon(smooth([(-0.05, y), (0, y - 0.025), (0.05, y)]), 0.02, colour)
