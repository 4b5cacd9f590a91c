"""Who is drawn: everything about a picture that no label changes."""

from dataclasses import dataclass

import numpy as np

from stargan_tf.errors import InputError, near_names
from stargan_tf.toon_faces.drawing import (
    CLOTH,
    EYES,
    HAIR_COLOURS,
    LIPSTICKS,
    METALS,
    SKINS,
    Colour,
)

# The hair styles, as shapes in units of the face's half width and half height.

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


# What an identity is made of.


@dataclass(frozen=True)
class Pose:
    """Where the head is: shift, scale, roll (radians), and a hint of yaw and pitch."""

    dx: float
    dy: float
    scale: float
    roll: float
    yaw: float
    pitch: float


@dataclass(frozen=True)
class FaceShape:
    """Half width and half height of the face; cheek, jaw and chin as shares of it.

    `drop` is how far the features sit below their place in a grown-up's face.
    """

    width: float
    height: float
    cheek: float
    jaw: float
    chin: float
    drop: float = 0.0


@dataclass(frozen=True)
class Hair:
    """Style, the personal shade within any colour class, volume, side of the part.

    `dye` is a colour worn instead of the look's.
    """

    style: str
    shade: tuple[float, float, float]
    volume: float
    side: int
    beard: str
    dye: Colour | None = None


@dataclass(frozen=True)
class Features:
    """Skin, eyes, brows, nose and mouth at rest."""

    skin: Colour
    eye_shape: str
    eye_colour: Colour
    eye_size: float
    eye_gap: float
    brow_width: float
    brow_arch: float
    nose: str
    nose_size: float
    mouth_width: float
    mouth_curve: float
    lipstick: Colour
    freckles: bool


@dataclass(frozen=True)
class Scene:
    """What is around the face: background, clothes, light, accessories."""

    background: str
    back: Colour
    back_accent: Colour
    clothes: str
    cloth: Colour
    cloth_accent: Colour
    light: int
    tint: tuple[float, float, float]
    glasses: str
    frame: Colour
    earrings: str
    metal: Colour


@dataclass(frozen=True)
class Identity:
    """One person in one place; the same with every look."""

    pose: Pose
    face: FaceShape
    hair: Hair
    features: Features
    scene: Scene


# The eight expressions, as positions of brows, lids and mouth.

EXPRESSIONS = (
    "angry",
    "contemptuous",
    "disgusted",
    "fearful",
    "happy",
    "neutral",
    "sad",
    "surprised",
)


@dataclass(frozen=True)
class Expression:
    """What the muscles do, as differences from a face at rest.

    Lengths are in face coordinates (the image is 2 across), y downwards.

    Args:
        brow_inner: shift of the brows' inner ends.
        brow_outer: shift of the brows' outer ends.
        brow_arch: added height of the brows' middle.
        one_brow: extra rise of one brow only.
        upper_lid: factor on the height of the upper lid; 1 at rest.
        lower_lid: factor on the depth of the lower lid; negative pushes it up.
        lid_slant: drop of the upper lid's inner (positive) or outer end.
        iris: factor on the iris radius.
        gaze: sideways look, in units of the eye's half width.
        mouth_width: factor on the mouth's width.
        upper: how far the middle of the upper edge hangs below the corners.
        lower: the same of the lower edge; equal to `upper` for a closed mouth.
        box: exponent of the mouth's edge; small is rectangular.
        smirk: rise of one mouth corner.
        teeth: `""`, `"top"`, `"clenched"` or `"wavy"`, clenched and chattering.
        tongue: share of the open mouth that is tongue, out when above 1.
        extras: further marks: `"furrow"`, `"nose"`, `"tear"`, `"sweat"`, `"blush"`.
    """

    brow_inner: float = 0.0
    brow_outer: float = 0.0
    brow_arch: float = 0.0
    one_brow: float = 0.0
    upper_lid: float = 1.0
    lower_lid: float = 1.0
    lid_slant: float = 0.0
    iris: float = 1.0
    gaze: float = 0.0
    mouth_width: float = 1.0
    upper: float = 0.0
    lower: float = 0.0
    box: float = 1.0
    smirk: float = 0.0
    teeth: str = ""
    tongue: float = 0.0
    extras: tuple[str, ...] = ()


_TABLE = {
    "angry": Expression(
        brow_inner=0.085,
        brow_outer=-0.045,
        brow_arch=-0.02,
        upper_lid=0.85,
        lower_lid=0.7,
        lid_slant=0.05,
        iris=0.85,
        mouth_width=1.0,
        upper=-0.065,
        lower=0.045,
        box=0.35,
        teeth="clenched",
        extras=("furrow",),
    ),
    "contemptuous": Expression(
        brow_inner=0.03,
        brow_outer=0.02,
        one_brow=0.11,
        upper_lid=0.3,
        lower_lid=0.75,
        gaze=0.38,
        mouth_width=0.9,
        smirk=0.085,
    ),
    "disgusted": Expression(
        brow_inner=0.055,
        brow_outer=0.035,
        upper_lid=0.5,
        lower_lid=0.15,
        iris=0.9,
        upper=-0.075,
        lower=0.01,
        box=0.8,
        tongue=1.6,
        extras=("nose",),
    ),
    "fearful": Expression(
        brow_inner=-0.115,
        brow_outer=0.0,
        upper_lid=1.4,
        lower_lid=1.5,
        iris=0.55,
        mouth_width=1.1,
        upper=-0.04,
        lower=0.05,
        box=0.3,
        teeth="wavy",
        extras=("sweat",),
    ),
    "happy": Expression(
        brow_inner=-0.03,
        brow_outer=-0.02,
        brow_arch=0.025,
        upper_lid=1.0,
        lower_lid=-0.25,
        mouth_width=1.25,
        upper=0.015,
        lower=0.15,
        teeth="top",
        tongue=0.45,
        extras=("blush",),
    ),
    "neutral": Expression(),
    "sad": Expression(
        brow_inner=-0.09,
        brow_outer=0.06,
        upper_lid=0.8,
        lid_slant=-0.05,
        mouth_width=0.9,
        upper=-0.075,
        lower=-0.075,
        extras=("tear",),
    ),
    "surprised": Expression(
        brow_inner=-0.1,
        brow_outer=-0.075,
        brow_arch=0.035,
        upper_lid=1.45,
        lower_lid=1.4,
        iris=0.8,
        mouth_width=0.5,
        upper=-0.085,
        lower=0.1,
        box=0.5,
    ),
}


def expression(name: str) -> Expression:
    """The muscle positions of `name`, one of `EXPRESSIONS`."""
    return _TABLE[name]


HAIR_STYLES = tuple(STYLES)
BEARDS = ("full", "full", "boxed", "goatee", "moustache", "stubble")
BACKGROUNDS = ("plain", "gradient", "halo", "stripes", "dots", "hills", "rays")
CLOTHES = ("round", "v_neck", "collar", "turtleneck", "stripes", "hoodie")
EYE_SHAPES = ("round", "almond", "hooded", "narrow")
NOSES = ("button", "straight", "wide", "long")
GLASSES = ("none", "none", "none", "round", "square")
EARRINGS = ("none", "none", "stud", "hoop")


def draw_identity(seed: int, index: int) -> Identity:
    """The person with number `index` of the population `seed`.

    Args:
        seed: not negative; one population of people per seed.
        index: not negative.

    Returns:
        The identity, a pure function of both numbers.
    """
    rng = np.random.default_rng([seed, index])
    return Identity(_pose(rng), _face(rng), _hair(rng), _features(rng), _scene(rng))


def _pick(rng: np.random.Generator, choices):
    return choices[int(rng.integers(len(choices)))]


def _pose(rng: np.random.Generator) -> Pose:
    u = rng.uniform(-1, 1, 6)
    return Pose(
        dx=0.06 * u[0],
        dy=0.03 + 0.04 * u[1],
        scale=1 + 0.06 * u[2],
        roll=0.11 * u[3],
        yaw=u[4],
        pitch=u[5],
    )


def _face(rng: np.random.Generator) -> FaceShape:
    u = rng.uniform(-1, 1, 5)
    return FaceShape(
        width=0.455 + 0.03 * u[0],
        height=0.575 + 0.03 * u[1],
        cheek=0.985 + 0.025 * u[2],
        jaw=0.80 + 0.09 * u[3],
        chin=0.36 + 0.09 * u[4],
    )


def _hair(rng: np.random.Generator) -> Hair:
    shade = tuple(float(value) for value in rng.uniform(-1, 1, 3))
    return Hair(
        style=_pick(rng, HAIR_STYLES),
        shade=shade,
        volume=float(rng.uniform(0, 1)),
        side=_pick(rng, (-1, 1)),
        beard=_pick(rng, BEARDS),
    )


def _features(rng: np.random.Generator) -> Features:
    u = rng.uniform(-1, 1, 7)
    return Features(
        skin=_skin(rng),
        eye_shape=_pick(rng, EYE_SHAPES),
        eye_colour=_pick(rng, EYES),
        eye_size=1 + 0.1 * u[0],
        eye_gap=0.2 + 0.014 * u[1],
        brow_width=0.135 + 0.015 * u[2],
        brow_arch=0.03 + 0.02 * u[3],
        nose=_pick(rng, NOSES),
        nose_size=1 + 0.15 * u[4],
        mouth_width=0.155 + 0.02 * u[5],
        mouth_curve=0.016 + 0.018 * u[6],
        lipstick=_pick(rng, LIPSTICKS),
        freckles=bool(rng.random() < 0.15),
    )


def _skin(rng: np.random.Generator) -> Colour:
    position = rng.uniform(0, len(SKINS) - 1)
    low = int(position)
    near, far = SKINS[low], SKINS[min(low + 1, len(SKINS) - 1)]
    share = position - low
    return tuple(float(a + (b - a) * share) for a, b in zip(near, far, strict=True))


def _scene(rng: np.random.Generator) -> Scene:
    warmth, power = rng.uniform(-1, 1, 2)
    return Scene(
        background=_pick(rng, BACKGROUNDS),
        back=_pick(rng, CLOTH),
        back_accent=_pick(rng, CLOTH),
        clothes=_pick(rng, CLOTHES),
        cloth=_pick(rng, CLOTH),
        cloth_accent=_pick(rng, CLOTH),
        light=_pick(rng, (-1, 1)),
        tint=tuple(
            float(0.97 + 0.03 * power + 0.03 * warmth * way) for way in (1, 0, -1)
        ),
        glasses=_pick(rng, GLASSES),
        frame=_pick(rng, CLOTH[9:14]),
        earrings=_pick(rng, EARRINGS),
        metal=_pick(rng, METALS),
    )


# How a person is drawn: everything that a label can change.


@dataclass(frozen=True)
class Look:
    """The attributes of one picture.

    Args:
        hair_colour: `"Black_Hair"`, `"Blond_Hair"` or `"Brown_Hair"`.
        male: beard, thick brows and bare lips instead of lashes and lipstick.
        young: without wrinkles and grey temples.
        expression: one of `EXPRESSIONS`.
        child: bare lips without beard or lashes, thin brows, small shoulders.

    Raises:
        InputError: for an unknown hair colour or expression.
    """

    hair_colour: str = "Brown_Hair"
    male: bool = False
    young: bool = True
    expression: str = "neutral"
    child: bool = False

    def __post_init__(self) -> None:
        _check("hair_colour", self.hair_colour, HAIR_COLOURS)
        _check("expression", self.expression, EXPRESSIONS)

    @property
    def made_up(self) -> bool:
        """Whether lips are painted and lashes drawn."""
        return not (self.male or self.child)


def _check(field: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise InputError(
            f"Unknown {field}. Received: {field}={value!r}. {near_names(value, known)}"
        )
