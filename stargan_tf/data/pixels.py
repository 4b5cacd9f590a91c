"""Between uint8 pixels at the edges and floats in [-1, 1] inside."""

import numpy as np


def to_float(images: np.ndarray) -> np.ndarray:
    """uint8 images in [0, 255] as float32 in [-1, 1]; floats pass unchanged."""
    if images.dtype == np.uint8:
        return images.astype(np.float32) / 127.5 - 1.0
    return images.astype(np.float32)


def to_uint8(images: np.ndarray) -> np.ndarray:
    """Float images in [-1, 1] as uint8, clipped and rounded; the inverse."""
    return np.clip(np.rint((images + 1.0) * 127.5), 0, 255).astype(np.uint8)
