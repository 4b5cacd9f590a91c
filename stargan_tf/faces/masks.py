"""Masks for StarGAN v2's high-pass skips, from heat maps of facial landmarks."""

from typing import NamedTuple

import numpy as np
from keras import ops

from stargan_tf.data.info import sides

# Side of the network's input images, and of the grid on which masks are computed.
GRID = 256
# Values of heat maps below this threshold are set to 0.
THRESHOLD = 0.1
EPSILON = 1e-6
# Standard deviation, in pixels of the grid, of heat maps made from points.
SPREAD = 6


class Region(NamedTuple):
    """A region of the face.

    Args:
        landmarks: range of landmark indices, in the order of WFLW.
        up: number of pixels of the grid to move the region up; down if negative.
        power: exponent of the heat maps; a larger value gives sharper masks.
        is_fine: whether the region is also in the fine mask.
    """

    landmarks: slice
    up: int
    power: int
    is_fine: bool


# Only the chin of the contour, the eyebrows without their first points, and the lips
# without their corners. The eyes occur twice, the second time 24 pixels lower.
REGIONS = (
    Region(slice(8, 25), 0, 3, False),  # chin
    Region(slice(34, 46), -7, 2, False),  # eyebrows
    Region(slice(47, 51), -7, 2, False),
    Region(slice(51, 52), 0, 1, True),  # nose
    Region(slice(52, 55), 4, 1, True),
    Region(slice(55, 60), 8, 4, True),  # nostrils
    Region(slice(60, 76), -8, 3, True),  # eyes
    Region(slice(60, 76), -24, 1, True),
    Region(slice(77, 82), -8, 4, False),  # upper lip
    Region(slice(83, 88), 8, 4, False),  # lower lip
    Region(slice(88, 96), -2, 3, False),  # inner lip
    Region(slice(96, 98), 0, 1, True),  # pupils
)


def face_masks(heat_maps, size):
    """Computes the masks of StarGAN v2's high-pass skips from heat maps of landmarks.

    The result equals that of the official code, in which shifted regions wrap around
    the border of the image.

    Args:
        heat_maps: (batch, height, width, 98) float, of any height and width. Further
            channels, such as the boundary, are ignored. NaN is replaced by 0.
        size: side of the masks in pixels, or (height, width).

    Returns:
        (batch, height, width, 2) float32 in [0, 1]: coarse masks (the whole face, for
        32 pixels) and fine masks (nose and eyes, for 64 and 128 pixels).

    Reference: StarGAN v2 (Choi et al. 2020), appendix E, "Generator"; the regions are
        those of the official code.
    """
    x = ops.cast(heat_maps, "float32")
    x = _enlarged(ops.where(ops.isnan(x), ops.zeros_like(x), x))
    x = ops.where(x < THRESHOLD, ops.zeros_like(x), x)
    least = ops.min(x, axis=(1, 2), keepdims=True)
    x = (x - least) / (ops.max(x, axis=(1, 2), keepdims=True) - least + EPSILON)
    coarse, fine = 0.0, 0.0
    for region in REGIONS:
        mask = ops.sum(x[..., region.landmarks] ** region.power, axis=-1)
        # Not `ops.roll`, which has no LiteRT operation.
        up = region.up % GRID
        mask = ops.concatenate([mask[:, up:], mask[:, :up]], axis=1)
        coarse = coarse + mask
        fine = fine + mask if region.is_fine else fine
    masks = ops.clip(ops.stack([coarse, fine], axis=-1), 0.0, 1.0)
    return ops.image.resize(masks, sides(size), data_format="channels_last")


def heat_maps_of(points, size):
    """Makes heat maps with a Gaussian of standard deviation 6 at each landmark.

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
    """Resizes heat maps to 256 × 256, bilinear, with aligned corners."""
    for axis, equation in ((1, "gh,nhwc->ngwc"), (2, "gw,nhwc->nhgc")):
        side = x.shape[axis]
        if side != GRID:
            x = ops.einsum(equation, _interpolation(side), x)
    return x


def _interpolation(side):
    """Matrix (256, side) that interpolates `side` values to 256."""
    positions = np.linspace(0, side - 1, GRID)
    return np.maximum(0, 1 - np.abs(positions[:, None] - np.arange(side))).astype(
        "float32"
    )
