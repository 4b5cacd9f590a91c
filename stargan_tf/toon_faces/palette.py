"""Colours: skins, hair, eyes, lips, cloth and what is mixed from them."""

import colorsys

Colour = tuple[float, float, float]

WHITE: Colour = (252, 251, 248)
INK: Colour = (43, 32, 38)
GREY_HAIR: Colour = (203, 203, 208)

SKINS: tuple[Colour, ...] = (
    (255, 224, 200),
    (250, 211, 182),
    (243, 196, 160),
    (232, 178, 138),
    (214, 155, 112),
    (190, 129, 88),
    (160, 104, 70),
    (142, 93, 66),
)
EYES: tuple[Colour, ...] = (
    (92, 58, 36),
    (62, 42, 32),
    (126, 92, 44),
    (74, 128, 84),
    (62, 118, 172),
    (104, 136, 158),
)
LIPSTICKS: tuple[Colour, ...] = (
    (205, 44, 66),
    (214, 62, 104),
    (178, 38, 60),
    (196, 58, 52),
    (186, 48, 108),
)
# Backgrounds and clothes share one table, with hair-like colours in it on purpose:
# a translator that recolours everything of one colour must fail.
CLOTH: tuple[Colour, ...] = (
    (238, 108, 96),
    (246, 196, 92),
    (132, 196, 150),
    (92, 170, 190),
    (98, 124, 196),
    (164, 130, 200),
    (236, 160, 180),
    (238, 228, 212),
    (206, 218, 226),
    (48, 46, 56),
    (112, 74, 50),
    (224, 196, 128),
    (52, 92, 100),
    (150, 60, 72),
    (120, 140, 92),
)
# Colours of dyed hair, frames and hats; as far apart as seven pictures side by side
# need them to be.
DYES: tuple[Colour, ...] = (
    (34, 30, 40),
    (92, 56, 36),
    (226, 186, 92),
    (196, 92, 40),
    (186, 190, 200),
    (236, 110, 168),
    (136, 84, 190),
    (58, 122, 214),
    (36, 168, 168),
    (92, 176, 78),
    (212, 52, 56),
)
VIVID_LIPS: tuple[Colour, ...] = (
    (214, 34, 58),
    (232, 66, 138),
    (116, 34, 78),
    (150, 72, 190),
    (228, 104, 76),
)
VIVID: tuple[Colour, ...] = (
    (36, 34, 44),
    (222, 54, 58),
    (44, 104, 206),
    (30, 150, 120),
    (246, 190, 52),
    (238, 240, 242),
    (150, 70, 176),
)
PALE: tuple[Colour, ...] = (
    (214, 222, 230),
    (232, 226, 212),
    (212, 226, 214),
    (232, 216, 216),
    (220, 214, 230),
)
METALS: tuple[Colour, ...] = ((232, 190, 82), (206, 212, 220), (210, 96, 120))

# hue, lightness, saturation and how far an identity may move each of them
_HAIR = {
    "Black_Hair": ((0.70, 0.125, 0.12), (0.18, 0.030, 0.07)),
    "Blond_Hair": ((0.121, 0.66, 0.76), (0.018, 0.060, 0.10)),
    "Brown_Hair": ((0.062, 0.315, 0.46), (0.020, 0.050, 0.09)),
}
HAIR_COLOURS = tuple(_HAIR)


def hair_colour(name: str, shade: tuple[float, float, float]) -> Colour:
    """The hair colour of one person, were it of the class `name`.

    Args:
        name: one of `HAIR_COLOURS`.
        shade: the person's own hue, lightness and saturation within the class,
            each in [-1, 1].

    Returns:
        Red, green and blue in [0, 255].
    """
    centre, reach = _HAIR[name]
    hue, lightness, saturation = (
        c + r * s for c, r, s in zip(centre, reach, shade, strict=True)
    )
    return tuple(255 * c for c in colorsys.hls_to_rgb(hue % 1, lightness, saturation))


def facial_hair(hair: Colour, skin: Colour) -> Colour:
    """Brows and beard: `hair` or a darker tone of it, whichever shows on `skin`.

    Blond in one tone would vanish on either tanned or dark skin.
    """
    lightness = sum(hair) / (3 * 255)
    darker = hair_shadow(hair, 0.4 + 0.6 * lightness)
    return max((darker, hair), key=lambda tone: _distance(tone, skin))


def _distance(first: Colour, second: Colour) -> float:
    return sum(abs(a - b) for a, b in zip(first, second, strict=True))


def hair_shadow(hair: Colour, strength: float) -> Colour:
    """A darker, warmer tone of `hair`: blond must not turn green."""
    deepest = tuple(c * s for c, s in zip(hair, (0.62, 0.44, 0.26), strict=True))
    return mix(hair, deepest, strength)


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """`first` with `share` (in [0, 1]) of `second`."""
    return tuple(a + (b - a) * share for a, b in zip(first, second, strict=True))


def shadow(colour: Colour, strength: float = 0.15) -> Colour:
    """A darker, slightly cooler tone of `colour`, which may be dark already."""
    deepest = tuple(c * s for c, s in zip(colour, (0.3, 0.16, 0.26), strict=True))
    return mix(colour, deepest, strength)


def shine(colour: Colour, strength: float = 0.2) -> Colour:
    """A lighter tone of `colour`."""
    return mix(colour, (255, 250, 240), strength)
