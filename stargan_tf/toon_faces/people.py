"""People of three kinds, whose content and style are drawn apart.

The kind (woman, man, child) decides the structure: the shape of head and shoulders,
beard, lashes, which hair styles. The *style* is what a reference picture should pass
on: colour and style of hair, skin, lips, beard, the clothes' colour. The *content*
should stay with the source: where the head is and how it is turned, expression,
background, the clothes' cut. Backgrounds are quiet and nobody wears glasses, so that a
small model learns the styles within minutes.
"""

from dataclasses import dataclass

import numpy as np

from stargan_tf.toon_faces.drawing import (
    DYES,
    EYES,
    METALS,
    PALE,
    SKINS,
    VIVID,
    VIVID_LIPS,
)
from stargan_tf.toon_faces.identity import (
    BACKGROUNDS,
    CLOTHES,
    EYE_SHAPES,
    NOSES,
    FaceShape,
    Features,
    Hair,
    Identity,
    Pose,
    Scene,
)

CONTENT, STYLE = 1, 2
MOODS = ("neutral", "happy", "happy", "surprised")
BEARDS = ("full", "boxed", "goatee", "moustache")


@dataclass(frozen=True)
class Kind:
    """The structure of one domain.

    Args:
        width, height: half the face's.
        jaw, chin: as shares of the width.
        drop: how far the features sit lower.
        eyes, nose, mouth: their sizes.
        hair: styles.
    """

    width: float
    height: float
    jaw: float
    chin: float
    drop: float
    eyes: float
    nose: float
    mouth: float
    hair: tuple[str, ...]


KINDS = {
    "woman": Kind(
        *(0.44, 0.575, 0.76, 0.30, 0.0, 1.0, 0.9, 0.15),
        ("long", "long_fringe", "wavy", "bob", "fringe_bob"),
    ),
    "man": Kind(
        *(0.465, 0.59, 0.90, 0.46, 0.0, 0.9, 1.15, 0.165),
        ("short", "crop", "quiff", "spiky", "curly"),
    ),
    "child": Kind(
        *(0.505, 0.53, 0.86, 0.46, 0.035, 1.3, 0.8, 0.13),
        ("two_tails", "two_buns", "bowl", "tuft"),
    ),
}


def draw_person(seed: int, index: int, kind: str) -> Identity:
    """The person with number `index`, were it of `kind`.

    Args:
        seed: not negative; one population of people per seed.
        index: not negative.
        kind: a key of `KINDS`.

    Returns:
        The identity, a pure function of the arguments.
    """
    content = np.random.default_rng([seed, index, CONTENT])
    style = np.random.default_rng([seed, index, STYLE])
    structure = KINDS[kind]
    return Identity(
        pose=_pose(content),
        face=_face(structure),
        hair=_hair(style, structure),
        features=_features(content, style, structure),
        scene=_scene(content, style),
    )


def mood(seed: int, index: int) -> str:
    """The expression of person `index`: content, so the same for every kind."""
    return _pick(np.random.default_rng([seed, index, CONTENT + STYLE]), MOODS)


def _pick(rng: np.random.Generator, choices):
    return choices[int(rng.integers(len(choices)))]


def _pose(rng: np.random.Generator) -> Pose:
    u = rng.uniform(-1, 1, 6)
    # Twice as lively as in the labelled sets: that the pose stays must be seen.
    return Pose(
        dx=0.12 * u[0],
        dy=0.07 + 0.04 * u[1],
        scale=0.92 + 0.07 * u[2],
        roll=0.26 * u[3],
        yaw=2.4 * u[4],
        pitch=1.5 * u[5],
    )


def _face(kind: Kind) -> FaceShape:
    return FaceShape(kind.width, kind.height, 0.99, kind.jaw, kind.chin, kind.drop)


def _hair(rng: np.random.Generator, kind: Kind) -> Hair:
    return Hair(
        style=_pick(rng, kind.hair),
        shade=(0.0, 0.0, 0.0),
        volume=float(rng.uniform(0, 1)),
        side=_pick(rng, (-1, 1)),
        beard=_pick(rng, BEARDS),
        dye=_varied(rng, _pick(rng, DYES)),
    )


def _features(
    content: np.random.Generator, style: np.random.Generator, kind: Kind
) -> Features:
    u = content.uniform(-1, 1, 3)
    return Features(
        skin=_varied(style, _pick(style, SKINS)),
        eye_shape=_pick(content, EYE_SHAPES),
        eye_colour=_pick(style, EYES),
        eye_size=kind.eyes,
        eye_gap=0.2,
        brow_width=0.135,
        brow_arch=0.03,
        nose=_pick(content, NOSES),
        nose_size=kind.nose * (1 + 0.1 * u[0]),
        mouth_width=kind.mouth * (1 + 0.08 * u[1]),
        mouth_curve=0.016 + 0.012 * u[2],
        lipstick=_pick(style, VIVID_LIPS),
        freckles=bool(style.random() < 0.15),
    )


def _scene(content: np.random.Generator, style: np.random.Generator) -> Scene:
    return Scene(
        background=_pick(content, BACKGROUNDS),
        back=_pick(content, PALE),
        back_accent=_pick(content, PALE),
        clothes=_pick(content, CLOTHES),
        cloth=_pick(style, VIVID),
        cloth_accent=_pick(content, PALE),
        light=_pick(content, (-1, 1)),
        tint=(1.0, 1.0, 1.0),
        glasses="none",
        frame=VIVID[0],
        earrings="none",
        metal=METALS[0],
    )


def _varied(rng: np.random.Generator, colour):
    return tuple(float(c) for c in np.clip(rng.normal(colour, 5), 0, 255))
