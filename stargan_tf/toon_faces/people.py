"""The identities and looks of generated faces.

The people of `toon_people` belong to three groups (woman, man, child), and their
content and style are generated independently. The *group* determines the structure: the
shape of head and shoulders, beard, lashes, and available hair styles. The *style* is
what a translation should take from a reference: color and style of hair, skin, lips,
beard, and color of the clothes. The *content* is what it should keep from the source:
position and pose of the head, expression, background, and cut of the clothes.
Backgrounds are plain and nobody wears glasses, so that a small model learns the styles
within minutes.
"""

from collections import namedtuple
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace

import numpy as np

from stargan_tf.toon_faces.drawing import (
    CLOTH,
    DYES,
    EYES,
    GRAY_HAIR,
    INK,
    LIPSTICKS,
    METALS,
    PALE,
    SKINS,
    VIVID,
    VIVID_LIPS,
    Color,
    facial_hair,
    hair_color,
    mix,
    shadow,
    symmetric_loop,
)

HAIR_STYLES = ("short", "crop", "quiff", "spiky", "curly", "afro", "bob", "fringe_bob")
HAIR_STYLES += ("long", "long_fringe", "wavy", "bun", "ponytail", "pigtails")
BEARDS = ("full", "full", "boxed", "goatee", "moustache", "stubble")
BACKGROUNDS = ("plain", "gradient", "halo", "stripes", "dots", "hills", "rays")
CLOTHES = ("round", "v_neck", "collar", "turtleneck", "stripes", "hoodie")
EYE_SHAPES = ("round", "almond", "hooded", "narrow")
NOSES = ("button", "straight", "wide", "long")
GLASSES = ("none", "none", "none", "round", "square")
EARRINGS = ("none", "none", "stud", "hoop")

# Measures of a person: mean and maximum deviation.
_POSE = {"dx": (0, 0.06), "dy": (0.03, 0.04), "scale": (1, 0.06), "roll": (0, 0.11)}
_POSE |= {"yaw": (0, 1), "pitch": (0, 1)}
_FACE = {"width": (0.455, 0.03), "height": (0.575, 0.03), "cheek": (0.985, 0.025)}
_FACE |= {"jaw": (0.8, 0.09), "chin": (0.36, 0.09)}
_FEATURES = {"eye_size": (1, 0.1), "eye_gap": (0.2, 0.014)}
_FEATURES |= {"brow_width": (0.135, 0.015), "brow_arch": (0.03, 0.02)}
_FEATURES |= {"nose_size": (1, 0.15), "mouth_width": (0.155, 0.02)}
_FEATURES |= {"mouth_curve": (0.016, 0.018)}

# Hair styles of each group, and its structure: measures as in `Identity`.
GROUPS = {
    "woman": ("long", "long_fringe", "wavy", "bob", "fringe_bob"),
    "man": ("short", "crop", "quiff", "spiky", "curly"),
    "child": ("two_tails", "two_buns", "bowl", "tuft"),
}
_STRUCTURE = """
            woman   man child
width        0.44 0.465 0.505
height      0.575  0.59  0.53
jaw          0.76  0.90  0.86
chin         0.30  0.46  0.46
drop            0     0 0.035
eye_size        1   0.9   1.3
nose_size     0.9  1.15   0.8
mouth_width  0.15 0.165  0.13
"""
GROUP_BEARDS = ("full", "boxed", "goatee", "moustache")
MOODS = ("neutral", "happy", "happy", "surprised")
# Twice the variation of the other data sets, so that a kept pose is clearly visible.
_LIVELY_POSE = {"dx": (0, 0.12), "dy": (0.07, 0.04), "scale": (0.92, 0.07)}
_LIVELY_POSE |= {"roll": (0, 0.26), "yaw": (0, 2.4), "pitch": (0, 1.5)}
_VARIATION = {"nose_size": (1, 0.1), "mouth_width": (1, 0.08)}
_VARIATION |= {"mouth_curve": (0.016, 0.012)}
_CONTENT, _STYLE = 1, 2

# Expressions as differences from a neutral face. Lengths are in face coordinates (the
# image is 2 units wide); y points downward.
#   brow_inner, brow_outer, brow_arch: shift of the brows' ends, height of their middle
#   one_brow: additional rise of one brow only
#   upper_lid, lower_lid: factors of the lids' heights; negative values push a lid up
#   lid_slant: drop of the upper lid's inner (positive) or outer (negative) end
#   iris: factor of its radius
#   eye_direction: sideways direction of the eyes, in half widths of the eye
#   mouth_width: factor of the width
#   upper, lower: distance of the middle of each edge of the mouth below the corners
#   box: exponent of the edges; small values are rectangular
#   smirk: rise of one corner of the mouth
#   tongue: fraction of the open mouth; above 1 the tongue is out
_MOVES = """
            angry contemptuous disgusted fearful happy neutral    sad surprised
brow_inner  0.085         0.03     0.055  -0.115 -0.03       0  -0.09      -0.1
brow_outer -0.045         0.02     0.035       0 -0.02       0   0.06    -0.075
brow_arch   -0.02            0         0       0 0.025       0      0     0.035
one_brow        0         0.11         0       0     0       0      0         0
upper_lid    0.85          0.3       0.5     1.4     1       1    0.8      1.45
lower_lid     0.7         0.75      0.15     1.5 -0.25       1      1       1.4
lid_slant    0.05            0         0       0     0       0  -0.05         0
iris         0.85            1       0.9    0.55     1       1      1       0.8
eye_direction   0         0.38         0       0     0       0      0         0
mouth_width     1          0.9         1     1.1  1.25       1    0.9       0.5
upper      -0.065            0    -0.075   -0.04 0.015       0 -0.075    -0.085
lower       0.045            0      0.01    0.05  0.15       0 -0.075       0.1
box          0.35            1       0.8     0.3     1       1      1       0.5
smirk           0        0.085         0       0     0       0      0         0
tongue          0            0       1.6       0  0.45       0      0         0
"""
_TEETH = {"angry": "clenched", "fearful": "chattering", "happy": "top"}
_MARKS = {"angry": "furrow", "disgusted": "wrinkle", "fearful": "sweat"}
_MARKS |= {"happy": "blush", "sad": "tear"}


def _columns(table: str) -> dict[str, dict[str, float]]:
    names, *rows = (line.split() for line in table.strip().splitlines())
    return {
        name: {row: float(values[column]) for row, *values in rows}
        for column, name in enumerate(names)
    }


_GROUP_MEASURES, _EXPRESSION_MOVES = _columns(_STRUCTURE), _columns(_MOVES)
EXPRESSIONS = tuple(_EXPRESSION_MOVES)


@dataclass(frozen=True)
class Look:
    """The attributes of an image that a label can change.

    Args:
        hair_color: `"Black_Hair"`, `"Blond_Hair"`, or `"Brown_Hair"`.
        male: whether to draw a beard and thick brows instead of lashes and lipstick.
        young: whether to draw no wrinkles and no gray temples.
        expression: one of `EXPRESSIONS`.
        child: whether to draw thin brows and narrow shoulders, without beard, lashes,
            and lipstick.
    """

    hair_color: str = "Brown_Hair"
    male: bool = False
    young: bool = True
    expression: str = "neutral"
    child: bool = False

    @property
    def made_up(self) -> bool:
        """Whether lipstick and lashes are drawn."""
        return not (self.male or self.child)


class Identity(
    namedtuple(
        "Identity",
        "dx dy scale roll yaw pitch width height cheek jaw chin hair_style volume side "
        "beard skin eye_shape eye_color eye_size eye_gap brow_width brow_arch nose "
        "nose_size mouth_width mouth_curve lipstick freckles background back "
        "back_accent clothes cloth cloth_accent light drop shade dye tint glasses "
        "frame earrings metal",
        defaults=(0.0, (0, 0, 0), None, (1.0, 1.0, 1.0), "none", INK, "none", INK),
    )
):
    """A person in a scene, independent of the look.

    Args:
        dx, dy, scale, roll, yaw, pitch: position and pose of the head.
        width, height: half width and half height of the face.
        cheek, jaw, chin: widths as fractions of `width`.
        drop: shift of the features below their position in an adult's face.
        hair_style, volume, side, beard: hair; `side` is that of the part, -1 or 1.
        shade: the person's shade within any hair color; `dye` replaces the color.
        skin, eye_shape … freckles: the features of a neutral face.
        background … metal: surroundings of the face; `tint` is the color of the light,
            and `light` is the side it comes from, -1 or 1.
    """


def draw_identity(seed: int, index: int) -> Identity:
    """Generates person `index` of the population `seed`, both at least 0."""
    rng = np.random.default_rng([seed, index])
    pick = partial(_pick, rng)
    # The order of the arguments determines the random numbers.
    return Identity(
        **_measures(rng, _POSE),
        **_measures(rng, _FACE),
        shade=tuple(rng.uniform(-1, 1, 3).tolist()),
        hair_style=pick(HAIR_STYLES),
        volume=rng.uniform(0, 1),
        side=pick((-1, 1)),
        beard=pick(BEARDS),
        **_measures(rng, _FEATURES),
        skin=_between(SKINS, rng.uniform(0, len(SKINS) - 1)),
        eye_shape=pick(EYE_SHAPES),
        eye_color=pick(EYES),
        nose=pick(NOSES),
        lipstick=pick(LIPSTICKS),
        freckles=rng.random() < 0.15,
        tint=_tint(*rng.uniform(-1, 1, 2).tolist()),
        background=pick(BACKGROUNDS),
        back=pick(CLOTH),
        back_accent=pick(CLOTH),
        clothes=pick(CLOTHES),
        cloth=pick(CLOTH),
        cloth_accent=pick(CLOTH),
        light=pick((-1, 1)),
        glasses=pick(GLASSES),
        frame=pick(CLOTH[9:14]),
        earrings=pick(EARRINGS),
        metal=pick(METALS),
    )


def draw_person(seed: int, index: int, group: str) -> Identity:
    """Generates person `index` of the population `seed` as a member of `GROUPS`."""
    content = np.random.default_rng([seed, index, _CONTENT])
    style = np.random.default_rng([seed, index, _STYLE])
    of_content, of_style = partial(_pick, content), partial(_pick, style)
    structure = _GROUP_MEASURES[group]
    pose, varied = _measures(content, _LIVELY_POSE), _measures(content, _VARIATION)
    for name in ("nose_size", "mouth_width"):
        varied[name] = structure[name] * varied[name]
    # Content and style have separate random streams, each in this order.
    return Identity(
        **pose,
        **structure | varied,
        cheek=0.99,
        eye_gap=0.2,
        brow_width=0.135,
        brow_arch=0.03,
        hair_style=of_style(GROUPS[group]),
        volume=style.uniform(0, 1),
        side=of_style((-1, 1)),
        beard=of_style(GROUP_BEARDS),
        dye=_near(style, of_style(DYES)),
        skin=_near(style, of_style(SKINS)),
        eye_shape=of_content(EYE_SHAPES),
        eye_color=of_style(EYES),
        nose=of_content(NOSES),
        lipstick=of_style(VIVID_LIPS),
        freckles=style.random() < 0.15,
        background=of_content(BACKGROUNDS),
        back=of_content(PALE),
        back_accent=of_content(PALE),
        clothes=of_content(CLOTHES),
        cloth=of_style(VIVID),
        cloth_accent=of_content(PALE),
        light=of_content((-1, 1)),
    )


def mood(seed: int, index: int) -> str:
    """Returns the expression of person `index`, the same in every group."""
    return _pick(np.random.default_rng([seed, index, _CONTENT + _STYLE]), MOODS)


def _pick(rng: np.random.Generator, choices):
    return choices[int(rng.integers(len(choices)))]


def _measures(rng: np.random.Generator, table: dict) -> dict[str, float]:
    mean, reach = np.transpose(list(table.values()))
    values = mean + reach * rng.uniform(-1, 1, len(table))
    return dict(zip(table, values, strict=True))


def _between(colors: tuple[Color, ...], position: float) -> Color:
    low = int(position)
    return mix(colors[low], colors[min(low + 1, len(colors) - 1)], position - low)


def _tint(warmth: float, power: float) -> tuple[float, float, float]:
    return tuple(0.97 + 0.03 * power + 0.03 * warmth * way for way in (1, 0, -1))


def _near(rng: np.random.Generator, color: Color) -> Color:
    return tuple(np.clip(rng.normal(color, 5), 0, 255).tolist())


class Portrait:
    """A person with a look: colors and curves shared by all features.

    Args:
        person: who is drawn.
        look: the attributes.

    Attributes:
        moves: parameters of the expression, as in `_MOVES`.
        skin: color of the skin, duller if not young.
        shade: color of the skin in shadow.
        hair: color of the hair, mixed with gray if not young.
        brows: color of brows and beard, independent of age.
        outline: (72, 2) outline of the face: 36 points down the left side (negative x),
            36 points up the right side; rows 18 to 48 run from ear to ear around the
            chin.
    """

    def __init__(self, person: Identity, look: Look):
        self.person, self.look = person, look
        self.moves = SimpleNamespace(**_EXPRESSION_MOVES[look.expression])
        self.teeth = _TEETH.get(look.expression)
        self.mark = _MARKS.get(look.expression)
        self.skin, self.hair = person.skin, person.dye
        if self.hair is None:
            self.hair = hair_color(look.hair_color, person.shade)
        self.brows = facial_hair(self.hair, person.skin)
        if not look.young:
            self.skin = mix(person.skin, (158, 148, 140), 0.24)
            # The hair color remains visible; only the temples are white.
            self.hair = mix(self.hair, GRAY_HAIR, 0.42)
        self.shade = shadow(self.skin, 0.17)
        self.outline = symmetric_loop(
            [
                (-0.35, -0.98),
                (-0.75, -0.8),
                (-1.0, -0.35),
                (-person.cheek, 0.12),
                (-person.jaw, 0.6),
                (-person.chin, 0.94),
            ]
        ) * (person.width, person.height)
