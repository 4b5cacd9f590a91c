"""How a picture of any shape becomes a square.

One rule, for training and for translation: a `crop_size` cuts out that centred square,
whatever `fit` says; without one, `fit` decides.
"""

from stargan_tf.errors import InputError

CROP, STRETCH = "crop", "stretch"
CROP_SIZE_HELP = (
    "Use only the centred square of this side, in original pixels, whatever the fit."
)

Box = tuple[int, int, int, int]


def used_box(size: tuple[int, int], fit: str, crop_size: int | None = None) -> Box:
    """The part of a picture that is used.

    Args:
        size: the picture's width and height.
        fit: `"crop"` takes the largest centred square, another word all of it.
        crop_size: side of the centred square to take instead; where the picture is
            smaller, its largest one.

    Returns:
        (left, top, right, bottom) in pixels.
    """
    width, height = size
    if crop_size is None and fit != CROP:
        return 0, 0, width, height
    side = min(width, height, crop_size or max(width, height))
    left, top = round((width - side) / 2), round((height - side) / 2)
    return left, top, left + side, top + side


def check_fit(fit: str) -> None:
    """Refuses what is no way to make a square.

    Args:
        fit: `"crop"` (the largest centred square) or `"stretch"` (the whole picture,
            whose aspect is lost).

    Raises:
        InputError: if it is another word.
    """
    if fit not in (CROP, STRETCH):
        raise InputError(f"fit must be '{CROP}' or '{STRETCH}'. Received: fit={fit!r}")
