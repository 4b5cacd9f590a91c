"""The hair styles, as shapes in units of the face's half width and half height."""

from dataclasses import dataclass

Points = tuple[tuple[float, float], ...]
Balls = tuple[tuple[float, float, float], ...]


@dataclass(frozen=True)
class HairStyle:
    """Shapes of one style.

    x is in half widths of the face, y in half heights (downwards); the face spans
    [-1, 1] in both. Asymmetric styles are drawn for a part on the left.

    Args:
        hairline: the lower edge of the cap, left to right.
        straight: joins the hairline's points by straight lines (spikes).
        lock: how far down the cap reaches beside the face.
        lock_width: added width of that lock.
        puff: added volume all around.
        quiff: added height on one side of the top.
        back: closed shapes behind the head; left halves if `symmetric`.
        symmetric: mirrors `back`.
        back_balls: (x, y, radius) behind the head: buns, curls.
        front_balls: (x, y, radius) under the cap's edge: curls.
    """

    hairline: Points
    straight: bool = False
    lock: float = 0.02
    lock_width: float = 0.0
    puff: float = 0.0
    quiff: float = 0.0
    back: tuple[Points, ...] = ()
    symmetric: bool = True
    back_balls: Balls = ()
    front_balls: Balls = ()

    @property
    def covers_ears(self) -> bool:
        """Whether the locks beside the face hide the ears."""
        return self.lock > 0.3


_ROUND = ((-0.87, -0.36), (-0.55, -0.63), (0, -0.7), (0.55, -0.63), (0.87, -0.36))
_FRINGE = ((-0.9, -0.3), (-0.84, -0.47), (0, -0.5), (0.84, -0.47), (0.9, -0.3))
_SIDE = (
    (-0.88, -0.34),
    (-0.66, -0.62),
    (-0.42, -0.84),
    (-0.1, -0.66),
    (0.45, -0.52),
    (0.88, -0.32),
)
_CENTRE = ((-0.88, -0.28), (-0.5, -0.56), (0, -0.88), (0.5, -0.56), (0.88, -0.28))
_SWEPT = ((-0.88, -0.38), (-0.5, -0.68), (0, -0.66), (0.5, -0.56), (0.87, -0.38))
_ZIGZAG = (
    (-0.88, -0.3),
    (-0.75, -0.62),
    (-0.52, -0.47),
    (-0.32, -0.68),
    (-0.05, -0.47),
    (0.18, -0.68),
    (0.42, -0.48),
    (0.66, -0.64),
    (0.88, -0.3),
)
_BOB = ((-0.7, -0.9), (-1.22, -0.3), (-1.3, 0.3), (-1.15, 0.85), (-0.6, 0.95))
_LONG = ((-0.7, -0.9), (-1.24, -0.3), (-1.3, 0.5), (-1.4, 1.3), (-1.3, 2.0))
_WAVY = (
    (-0.7, -0.9),
    (-1.3, -0.35),
    (-1.22, 0.0),
    (-1.42, 0.35),
    (-1.28, 0.7),
    (-1.5, 1.1),
    (-1.35, 1.9),
)
_PIGTAIL = ((-0.9, -0.1), (-1.35, -0.15), (-1.62, 0.35), (-1.4, 1.0), (-1.15, 0.4))
_TAIL = ((-0.9, -0.35), (-1.3, -0.5), (-1.6, -0.1), (-1.5, 0.6), (-1.2, 0.2))
_OTHER_TAIL = tuple((-x, y) for x, y in _TAIL)
_PONYTAIL = ((0.5, -1.1), (1.2, -0.95), (1.6, -0.2), (1.42, 0.75), (1.1, 0.0))


def _ring(radius: float, reach: float, angles: range) -> Balls:
    """Curls of `radius` around the upper head; angles in degrees from the right."""
    from math import cos, radians, sin

    return tuple(
        (reach * cos(radians(a)), -reach * sin(radians(a)) - 0.08, radius)
        for a in angles
    )


STYLES = {
    "short": HairStyle(_SIDE),
    "crop": HairStyle(_ROUND, puff=-0.05, lock=-0.08),
    "quiff": HairStyle(_SWEPT, quiff=0.16),
    "spiky": HairStyle(_ZIGZAG, straight=True, puff=0.02),
    "curly": HairStyle(
        _ROUND, front_balls=_ring(0.15, 1.08, range(0, 181, 18)), lock=-0.05
    ),
    "afro": HairStyle(
        _ROUND,
        puff=0.1,
        lock=0.1,
        back_balls=_ring(0.24, 1.22, range(-20, 201, 20)),
    ),
    "bob": HairStyle(_CENTRE, lock=0.6, lock_width=0.12, back=(_BOB,)),
    "fringe_bob": HairStyle(_FRINGE, lock=0.55, lock_width=0.12, back=(_BOB,)),
    "long": HairStyle(_SIDE, lock=0.5, lock_width=0.14, back=(_LONG,)),
    "long_fringe": HairStyle(_FRINGE, lock=0.5, lock_width=0.14, back=(_LONG,)),
    "wavy": HairStyle(_CENTRE, lock=0.5, lock_width=0.16, puff=0.05, back=(_WAVY,)),
    "bun": HairStyle(_ROUND, back_balls=((0, -1.27, 0.2),)),
    "ponytail": HairStyle(_SWEPT, back=(_PONYTAIL,), symmetric=False),
    "pigtails": HairStyle(_CENTRE, back=(_PIGTAIL,), symmetric=False),
}
# Not worn in the data sets that draw from all `STYLES`, whose pictures must stay.
FURTHER_STYLES = {
    "bowl": HairStyle(_FRINGE, lock=0.2, lock_width=0.06, puff=0.06),
    "two_buns": HairStyle(_ROUND, back_balls=((-0.82, -1.0, 0.21), (0.82, -1.0, 0.21))),
    "two_tails": HairStyle(_FRINGE, back=(_TAIL, _OTHER_TAIL), symmetric=False),
    "tuft": HairStyle(_ZIGZAG, straight=True, puff=-0.02, quiff=0.26),
}


def hair_style(name: str) -> HairStyle:
    """The shapes of the style `name`."""
    return STYLES[name] if name in STYLES else FURTHER_STYLES[name]
