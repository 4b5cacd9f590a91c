"""What a translation should have left alone: one number for each image.

All functions take uint8 images (n, h, w, 3); the model's floats become uint8 by
`stargan_tf.data.pixels.to_uint8` first, as a viewer would see them.
"""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from stargan_tf.errors import InputError

SSIM_WINDOW = 11


def psnr(truth: np.ndarray, images: np.ndarray) -> np.ndarray:
    """Peak signal-to-noise ratio in dB; capped at 100 dB where images are equal.

    Args:
        truth: the images that should have come out.
        images: the images that did.

    Returns:
        float array (n,).
    """
    _check_pair(truth, images)
    return np.minimum(tf.image.psnr(truth, images, max_val=255).numpy(), 100.0)


def ssim(truth: np.ndarray, images: np.ndarray) -> np.ndarray:
    """Structural similarity, 1 where images are equal (Wang et al. 2004).

    Args:
        truth: the images that should have come out, at least 11 pixels wide.
        images: the images that did.

    Returns:
        float array (n,).
    """
    _check_pair(truth, images)
    if min(truth.shape[1:3]) < SSIM_WINDOW:
        raise InputError(
            f"SSIM needs images of at least {SSIM_WINDOW}×{SSIM_WINDOW} pixels. "
            f"Received: {truth.shape[1]}×{truth.shape[2]}"
        )
    return tf.image.ssim(truth, images, max_val=255, filter_size=SSIM_WINDOW).numpy()


def change(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Mean absolute difference in grey levels, 0 … 255.

    The cycle error is `change(x, G(G(x, c), c_x))`, the same-domain change
    `change(x, G(x, c_x))`.

    Args:
        before: images.
        after: images of the same shape.

    Returns:
        float array (n,).
    """
    _check_pair(before, after)
    return _difference(before, after).mean(axis=(1, 2))


def background_change(
    before: np.ndarray, after: np.ndarray, may_change: np.ndarray
) -> np.ndarray:
    """`change`, over the pixels outside a mask alone.

    Args:
        before: images.
        after: images of the same shape.
        may_change: bool or 0…1 array (n, h, w); above one half where the translation
            is allowed to draw.

    Returns:
        float array (n,); NaN for an image that has no pixel outside its mask.
    """
    _check_pair(before, after)
    may_change = np.asarray(may_change)
    if may_change.shape != before.shape[:3] or may_change.dtype.kind not in "bfiu":
        raise InputError(
            f"Masks must be numbers of shape {before.shape[:3]}. Received: "
            f"{may_change.dtype} of shape {may_change.shape}"
        )
    outside = may_change <= 0.5
    pixels = outside.sum(axis=(1, 2))
    total = np.sum(_difference(before, after) * outside, axis=(1, 2))
    return np.where(pixels, total / np.maximum(pixels, 1), np.nan)


def identity_similarity(
    before: np.ndarray,
    after: np.ndarray,
    embed: Callable[[np.ndarray], np.ndarray],
) -> np.ndarray:
    """Cosine of the angle between the embeddings of two images, in [-1, 1].

    Args:
        before: images.
        after: their translations.
        embed: uint8 images (n, h, w, 3) → vectors (n, d), such as a face recognition
            network with its own resizing and scaling.

    Returns:
        float array (n,).
    """
    _check_pair(before, after)
    first, second = (_unit(embed(images), len(images)) for images in (before, after))
    return np.sum(first * second, axis=1)


def _difference(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    difference = before.astype(np.float64) - after.astype(np.float64)
    return np.abs(difference).mean(axis=-1)


def _unit(vectors: np.ndarray, count: int) -> np.ndarray:
    vectors = np.asarray(vectors)
    if vectors.ndim != 2 or vectors.dtype.kind not in "fiu" or len(vectors) != count:
        raise InputError(
            f"An embedding must be an array of {count} vectors of numbers. Received: "
            f"{vectors.dtype} of shape {vectors.shape}"
        )
    vectors = vectors.astype(np.float64)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.maximum(lengths, np.finfo(np.float64).tiny)


def _check_pair(first: np.ndarray, second: np.ndarray) -> None:
    for images in (first, second):
        if images.dtype != np.uint8:
            raise InputError(f"Images must be uint8. Received: {images.dtype}")
    if first.shape != second.shape:
        raise InputError(
            "Two batches of images must have one shape. "
            f"Received: {first.shape} and {second.shape}"
        )
