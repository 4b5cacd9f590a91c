"""The eight expressions, as positions of brows, lids and mouth."""

from dataclasses import dataclass

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
