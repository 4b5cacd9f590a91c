"""Drawing of the hair: styles, back hair, front hair, and gray temples."""

from dataclasses import dataclass
from math import cos, radians, sin

import numpy as np

from stargan_tf.toon_faces.drawing import (
    GRAY_HAIR,
    Color,
    Pen,
    hair_shadow,
    mix,
    points,
    shine,
    smooth,
    smooth_loop,
    symmetric_loop,
)
from stargan_tf.toon_faces.people import Portrait

Balls = tuple[tuple[float, float, float], ...]
# Number of gray points on the outer and lower edge of the cap; more on the lower edge,
# so that the gray area rises toward the face.
_OUTER_GRAY, _LOWER_GRAY = 8, 13


@dataclass(frozen=True)
class HairStyle:
    """The shapes of a hair style, in units of the face's half width and half height.

    The face spans [-1, 1] in both directions; y points downward. Asymmetric styles are
    parted on the left.

    Args:
        hairline: lower edge of the cap, from left to right.
        straight: whether straight lines join the points of the hairline (spikes).
        lock: lower end of the cap beside the face.
        lock_width: additional width at this end.
        puff: additional volume on all sides.
        quiff: additional height on one side of the top.
        back: closed shapes behind the head.
        back_balls: (x, y, radius) of buns and curls behind the head.
        front_balls: (x, y, radius) of curls under the edge of the cap.
    """

    hairline: np.ndarray
    straight: bool = False
    lock: float = 0.02
    lock_width: float = 0.0
    puff: float = 0.0
    quiff: float = 0.0
    back: tuple[np.ndarray, ...] = ()
    back_balls: Balls = ()
    front_balls: Balls = ()

    @property
    def covers_ears(self) -> bool:
        """Whether the locks beside the face hide the ears."""
        return self.lock > 0.3


def _ring(radius: float, reach: float, angles: range) -> Balls:
    """Curls around the upper head; angles in degrees, 0 is on the right."""
    turns = map(radians, angles)
    return tuple((reach * cos(a), -reach * sin(a) - 0.08, radius) for a in turns)


_ROUND = points("-0.87,-0.36 -0.55,-0.63 0,-0.7 0.55,-0.63 0.87,-0.36")
_FRINGE = points("-0.9,-0.3 -0.84,-0.47 0,-0.5 0.84,-0.47 0.9,-0.3")
_SIDE = points("-0.88,-0.34 -0.66,-0.62 -0.42,-0.84 -0.1,-0.66 0.45,-0.52 0.88,-0.32")
_CENTER = points("-0.88,-0.28 -0.5,-0.56 0,-0.88 0.5,-0.56 0.88,-0.28")
_SWEPT = points("-0.88,-0.38 -0.5,-0.68 0,-0.66 0.5,-0.56 0.87,-0.38")
_ZIGZAG = points(
    "-0.88,-0.3 -0.75,-0.62 -0.52,-0.47 -0.32,-0.68 -0.05,-0.47 0.18,-0.68 0.42,-0.48 "
    "0.66,-0.64 0.88,-0.3"
)
_BOB = symmetric_loop(points("-0.7,-0.9 -1.22,-0.3 -1.3,0.3 -1.15,0.85 -0.6,0.95"))
_LONG = symmetric_loop(points("-0.7,-0.9 -1.24,-0.3 -1.3,0.5 -1.4,1.3 -1.3,2.0"))
_WAVY = symmetric_loop(
    points("-0.7,-0.9 -1.3,-0.35 -1.22,0 -1.42,0.35 -1.28,0.7 -1.5,1.1 -1.35,1.9")
)
_PIGTAIL = smooth_loop(points("-0.9,-0.1 -1.35,-0.15 -1.62,0.35 -1.4,1.0 -1.15,0.4"))
_TAIL = points("-0.9,-0.35 -1.3,-0.5 -1.6,-0.1 -1.5,0.6 -1.2,0.2")
_TAILS = smooth_loop(_TAIL), smooth_loop(_TAIL * (-1, 1))
_PONYTAIL = smooth_loop(points("0.5,-1.1 1.2,-0.95 1.6,-0.2 1.42,0.75 1.1,0"))
_CURLS = _ring(0.15, 1.08, range(0, 181, 18))
_AFRO = _ring(0.24, 1.22, range(-20, 201, 20))
_BUNS = ((-0.82, -1.0, 0.21), (0.82, -1.0, 0.21))

STYLES = {
    "short": HairStyle(_SIDE),
    "crop": HairStyle(_ROUND, puff=-0.05, lock=-0.08),
    "quiff": HairStyle(_SWEPT, quiff=0.16),
    "spiky": HairStyle(_ZIGZAG, straight=True, puff=0.02),
    "curly": HairStyle(_ROUND, front_balls=_CURLS, lock=-0.05),
    "afro": HairStyle(_ROUND, puff=0.1, lock=0.1, back_balls=_AFRO),
    "bob": HairStyle(_CENTER, lock=0.6, lock_width=0.12, back=(_BOB,)),
    "fringe_bob": HairStyle(_FRINGE, lock=0.55, lock_width=0.12, back=(_BOB,)),
    "long": HairStyle(_SIDE, lock=0.5, lock_width=0.14, back=(_LONG,)),
    "long_fringe": HairStyle(_FRINGE, lock=0.5, lock_width=0.14, back=(_LONG,)),
    "wavy": HairStyle(_CENTER, lock=0.5, lock_width=0.16, puff=0.05, back=(_WAVY,)),
    "bun": HairStyle(_ROUND, back_balls=((0, -1.27, 0.2),)),
    "ponytail": HairStyle(_SWEPT, back=(_PONYTAIL,)),
    "pigtails": HairStyle(_CENTER, back=(_PIGTAIL,)),
    "bowl": HairStyle(_FRINGE, lock=0.2, lock_width=0.06, puff=0.06),
    "two_buns": HairStyle(_ROUND, back_balls=_BUNS),
    "two_tails": HairStyle(_FRINGE, back=_TAILS),
    "tuft": HairStyle(_ZIGZAG, straight=True, puff=-0.02, quiff=0.26),
}


def draw_back_hair(pen: Pen, portrait: Portrait) -> None:
    """Draws the hair behind neck and face."""
    person, style = portrait.person, STYLES[portrait.person.hair_style]
    grown = 1 + 0.08 * person.volume
    for shape in style.back:
        shape = shape * (person.width * grown, person.height)
        pen.polygon(shape, hair_shadow(portrait.hair, 0.5))
    for x, y, radius in style.back_balls:
        radius = radius * grown
        pen.ellipse(x * person.width, y * person.height, radius, radius, portrait.hair)


def draw_front_hair(pen: Pen, portrait: Portrait) -> None:
    """Draws the cap with its hairline, the shine, and gray temples."""
    person, style = portrait.person, STYLES[portrait.person.hair_style]
    size = np.array((person.width * person.side, person.height))
    outer = _outer_edge(style, person.volume) * size
    inner = np.concatenate(
        [[(-0.93, style.lock)], style.hairline, [(0.93, style.lock)]]
    )
    inner = (inner if style.straight else smooth(inner)) * size
    for x, y, radius in style.front_balls:
        pen.ellipse(x * size[0], y * size[1], radius, radius, portrait.hair)
    pen.polygon(np.concatenate([outer, inner[::-1]]), portrait.hair)
    _draw_shine(pen, outer, shine(portrait.hair, 0.16))
    if portrait.look.young:
        return
    gray = mix(portrait.hair, GRAY_HAIR, 0.88)
    if style.covers_ears:
        _draw_strands(pen, style, size, gray)
    else:
        _draw_temples(pen, outer, inner, gray)


def _outer_edge(style: HairStyle, volume: float) -> np.ndarray:
    side = 1.1 + 0.07 * volume + style.puff
    top = 1.16 + 0.09 * volume + style.puff
    left = [(-1.06 - style.lock_width, style.lock), (-side, -0.25), (-0.9 * side, -0.7)]
    if style.covers_ears:
        left.insert(0, (-0.98, style.lock + 0.22))
    right = [(-x, y) for x, y in left[::-1]]
    crown = [(-0.45 * side, -top), (0.45 * side, -top - style.quiff)]
    return smooth([*left, *crown, *right])


def _draw_shine(pen: Pen, outer: np.ndarray, light: Color) -> None:
    middle = len(outer) // 2
    # `outer` may be mirrored, so the lit side is its second or its first half.
    lit_last = outer[-1, 0] * pen.light > 0
    lit = slice(middle + 2, middle + 12) if lit_last else slice(7, middle - 1)
    curve = outer[lit] * 0.86
    width = 0.055 * np.sin(np.linspace(0.15, np.pi - 0.15, len(curve)))
    pen.ribbon(curve, width, light)


def _draw_temples(pen: Pen, outer: np.ndarray, inner: np.ndarray, gray: Color) -> None:
    """Draws gray sides of the cap, from the ends of its outer and lower edges."""
    for way in (1, -1):
        edge, line = outer[::way][:_OUTER_GRAY], inner[::way]
        line = line[: _LOWER_GRAY if len(line) > 2 * _LOWER_GRAY else 2]
        pen.polygon(np.concatenate([edge, line[::-1]]), gray)


def _draw_strands(pen: Pen, style: HairStyle, size: np.ndarray, gray: Color) -> None:
    """Draws gray strands beside the face."""
    for side in (-1, 1):
        for x, top, bottom in ((-1.0, -0.72, style.lock - 0.05), (-1.1, -0.4, 0.2)):
            line = [(x + 0.12, top), (x + 0.02, 0.5 * top), (x, 0.0), (x, bottom)]
            curve = smooth(line) * size * (side, 1)
            pen.ribbon(curve, 0.09 * np.sin(np.linspace(0, np.pi, len(curve))), gray)
