"""What a discriminator sees of images, so that it cannot learn a few by heart."""

from keras import ops

# Random numbers that one image takes.
DRAWN = 5


def augmented(images, drawn):
    """Images, shifted and in other colors, by operations that pass gradients.

    Real and generated images alike go this way to the discriminator, in its own updates
    and in the generator's. It then cannot tell real ones by heart, and the generator
    cannot please it by a pattern at a fixed place or in a certain tint.

    Args:
        images: (batch, height, width, channels) in [-1, 1].
        drawn: (batch, `DRAWN`), uniform in [0, 1).

    Returns:
        Images of the same shape: shifted by up to an eighth of each side, with the
        pixels at the border repeated; brightness moved by up to 0.25; saturation times
        0.5 to 1.5; contrast times 0.75 to 1.25.

    Reference: DiffAugment (Zhao et al. 2020), translation and half the strength of
        color.
    """
    for axis, equation in ((1, "bij,bjwc->biwc"), (2, "bij,bhjc->bhic")):
        side = images.shape[axis]
        shift = ops.round((2.0 * drawn[:, axis - 1] - 1.0) * (side // 8))
        places = ops.arange(side, dtype=shift.dtype) + shift[:, None]  # (batch, side)
        places = ops.cast(ops.clip(places, 0, side - 1), "int32")
        rows = ops.one_hot(places, side, dtype=images.dtype)  # (batch, side, side)
        images = ops.einsum(equation, rows, images)
    brightness, saturation, contrast = (
        ops.cast(drawn[:, i, None, None, None], images.dtype) for i in (2, 3, 4)
    )
    images = images + 0.5 * brightness - 0.25
    gray = ops.mean(images, axis=-1, keepdims=True)
    images = gray + (0.5 + saturation) * (images - gray)
    mean = ops.mean(images, axis=(1, 2, 3), keepdims=True)
    return mean + (0.75 + 0.5 * contrast) * (images - mean)
