"""Who is drawn: everything about a picture that no label changes."""

import numpy as np

from stargan_tf.toon_faces.hair_styles import STYLES
from stargan_tf.toon_faces.palette import CLOTH, EYES, LIPSTICKS, METALS, SKINS, Colour
from stargan_tf.toon_faces.traits import (
    FaceShape,
    Features,
    Hair,
    Identity,
    Pose,
    Scene,
)

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
