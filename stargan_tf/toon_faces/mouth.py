"""The mouth: lips, teeth, tongue."""

from dataclasses import dataclass

import numpy as np

from stargan_tf.toon_faces.curves import ellipse
from stargan_tf.toon_faces.palette import WHITE, mix, shadow
from stargan_tf.toon_faces.pen import Pen
from stargan_tf.toon_faces.portrait import MOUTH_Y, Portrait

# Denser towards the corners, where an open mouth is round.
_ACROSS = np.sin(np.linspace(-np.pi / 2, np.pi / 2, 21))
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
    bulge = np.maximum(1 - _ACROSS**2, 0) ** moves.box
    side = portrait.identity.hair.side
    line = MOUTH_Y - moves.smirk * np.maximum(_ACROSS * side + 0.3, 0) ** 1.5
    rest = features.mouth_curve * (1 - _ACROSS**2)
    return MouthLine(
        x=_ACROSS * features.mouth_width * moves.mouth_width,
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
    swell = np.sqrt(np.maximum(1 - _ACROSS**2, 0))
    bow = 1 - 0.35 * np.exp(-((_ACROSS / 0.18) ** 2))
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
        inner = np.abs(_ACROSS) < 0.66
        top = line.lower - moves.tongue * depth * (1 - (_ACROSS / 0.66) ** 2)
        pen.band(line.x[inner], top[inner], line.lower[inner] - 0.008, _TONGUE)


def _clenched(pen: Pen, line: MouthLine, wavy: bool) -> None:
    pen.band(line.x * 0.94, line.upper + 0.012, line.lower - 0.012, WHITE)
    middle = 0.5 * (line.upper + line.lower)
    if wavy:
        middle = middle + 0.016 * np.sin(_ACROSS * 3 * np.pi)
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
