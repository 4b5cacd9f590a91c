"""How a picture of any shape becomes a square."""

from stargan_tf.errors import InputError

CROP, STRETCH = "crop", "stretch"


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
