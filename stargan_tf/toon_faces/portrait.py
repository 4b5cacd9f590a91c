"""One person with one look: the colours and curves that all parts share."""

from dataclasses import dataclass

import numpy as np

from stargan_tf.toon_faces.curves import mirrored, smooth_loop
from stargan_tf.toon_faces.expression import Expression, expression
from stargan_tf.toon_faces.look import Look
from stargan_tf.toon_faces.palette import Colour, facial_hair, hair_colour, mix, shadow
from stargan_tf.toon_faces.traits import FaceShape, Identity

EYE_Y = 0.045
BROW_Y = -0.135
MOUTH_Y = 0.36
_DULL: Colour = (158, 148, 140)


@dataclass(frozen=True)
class Portrait:
    """What the drawing of each part needs to know.

    Args:
        identity: the person.
        look: the attributes.
        expression: the muscle positions of `look.expression`.
        skin: the skin's colour; older skin is duller.
        shade: the skin in shadow.
        hair: the hair's colour.
        beard: the colour of brows and beard; the same at any age.
        outline: (72, 2) the face's outline, see `face_outline`.
    """

    identity: Identity
    look: Look
    expression: Expression
    skin: Colour
    shade: Colour
    hair: Colour
    beard: Colour
    outline: np.ndarray


def portrait(identity: Identity, look: Look) -> Portrait:
    """Prepares `identity` for being drawn with `look`."""
    own = identity.features.skin
    skin = own if look.young else mix(own, _DULL, 0.24)
    hair = identity.hair.dye or hair_colour(look.hair_colour, identity.hair.shade)
    return Portrait(
        identity=identity,
        look=look,
        expression=expression(look.expression),
        skin=skin,
        shade=shadow(skin, 0.17),
        hair=hair,
        beard=facial_hair(hair, own),
        outline=face_outline(identity.face),
    )


def face_outline(face: FaceShape) -> np.ndarray:
    """The outline of a face.

    Returns:
        Float array (72, 2): 36 points down the left side (negative x), then 36 up
        the right; rows 18 to 48 run from ear to ear around the chin.
    """
    half = [
        (-0.35, -0.98),
        (-0.75, -0.8),
        (-1.0, -0.35),
        (-face.cheek, 0.12),
        (-face.jaw, 0.6),
        (-face.chin, 0.94),
    ]
    return smooth_loop(mirrored(half)) * (face.width, face.height)
