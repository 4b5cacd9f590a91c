"""Masks for StarGAN v2's high-pass skips, from heat maps of facial landmarks."""

from typing import NamedTuple

import numpy as np
from keras import ops

from stargan_tf.data.info import sides

# Side of the images that heat maps are of, and of the grid that masks are made on.
GRID = 256
# Values below count as no landmark.
FAINT = 0.1
EPSILON = 1e-6
# Standard deviation, in pixels of the grid, of the heat maps made from points.
SPREAD = 6


class Part(NamedTuple):
    """A part of the face.

    Args:
        landmarks: range of their numbers in the order of WFLW.
        up: pixels of the grid by which the part moves up; down if negative.
        power: sharpens the heat maps.
        is_fine: whether the part is in the fine mask too.
    """

    landmarks: slice
    up: int
    power: int
    is_fine: bool


# Of the contour only the chin, of each eyebrow all but its first point, of the lips all
# but the corners. The eyes are there twice, the second time 24 pixels lower.
PARTS = (
    Part(slice(8, 25), 0, 3, False),  # chin
    Part(slice(34, 46), -7, 2, False),  # eyebrows
    Part(slice(47, 51), -7, 2, False),
    Part(slice(51, 52), 0, 1, True),  # nose
    Part(slice(52, 55), 4, 1, True),
    Part(slice(55, 60), 8, 4, True),  # nostrils
    Part(slice(60, 76), -8, 3, True),  # eyes
    Part(slice(60, 76), -24, 1, True),
    Part(slice(77, 82), -8, 4, False),  # upper lip
    Part(slice(83, 88), 8, 4, False),  # lower lip
    Part(slice(88, 96), -2, 3, False),  # inner lip
    Part(slice(96, 98), 0, 1, True),  # pupils
)


def face_masks(heat_maps, size):
    """What of a face to keep: the masks of StarGAN v2's high-pass skips.

    The numbers are those of the official code, which rolls parts around the image's
    edge.

    Args:
        heat_maps: (batch, height, width, 98) float, on a grid of any size. Further
            channels, such as the boundary, are ignored. NaN counts as 0.
        size: side of the masks in pixels, or (height, width).

    Returns:
        (batch, *size, 2) float32 in [0, 1]: coarse (the whole face, for 32 pixels) and
        fine (nose and eyes, for 64 and 128 pixels).

    Reference: StarGAN v2 (Choi et al. 2020), appendix E, "Generator"; the parts are
        those of the official code.
    """
    x = ops.cast(heat_maps, "float32")
    x = _enlarged(ops.where(ops.isnan(x), ops.zeros_like(x), x))
    x = ops.where(x < FAINT, ops.zeros_like(x), x)
    least = ops.min(x, axis=(1, 2), keepdims=True)
    x = (x - least) / (ops.max(x, axis=(1, 2), keepdims=True) - least + EPSILON)
    coarse, fine = 0.0, 0.0
    for part in PARTS:
        spots = ops.sum(x[..., part.landmarks] ** part.power, axis=-1)
        # Not `ops.roll`, which LiteRT has no operation for.
        up = part.up % GRID
        spots = ops.concatenate([spots[:, up:], spots[:, :up]], axis=1)
        coarse = coarse + spots
        fine = fine + spots if part.is_fine else fine
    masks = ops.clip(ops.stack([coarse, fine], axis=-1), 0.0, 1.0)
    return ops.image.resize(masks, sides(size), data_format="channels_last")


def heat_maps_of(points, size):
    """Heat maps with a Gaussian of standard deviation 6 at each landmark.

    Args:
        points: (batch, landmarks, 2) float: x and y in pixels of the image.
        size: side of the image in pixels, or (height, width).

    Returns:
        (batch, 256, 256, landmarks) float32 in [0, 1].
    """
    height, width = sides(size)
    scale = np.array([GRID / width, GRID / height], "float32")
    points = ops.cast(points, "float32") * scale
    distances = np.arange(GRID, dtype="float32") - points[..., None]
    x, y = ops.unstack(ops.exp(distances**2 / (-2 * SPREAD**2)), axis=2)
    return ops.einsum("nky,nkx->nyxk", y, x)


def _enlarged(x):
    """Heat maps on the grid of 256, bilinear, the corners' centers kept in place."""
    for axis, equation in ((1, "gh,nhwc->ngwc"), (2, "gw,nhwc->nhgc")):
        side = x.shape[axis]
        if side != GRID:
            x = ops.einsum(equation, _interpolation(side), x)
    return x


def _interpolation(side):
    """The matrix (256, side) by which a line of `side` values becomes one of 256."""
    positions = np.linspace(0, side - 1, GRID)
    return np.maximum(0, 1 - np.abs(positions[:, None] - np.arange(side))).astype(
        "float32"
    )
