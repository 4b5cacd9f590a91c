"""One question to a SavedModel, with Keras' answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from stargan_tf.data.pixels import to_float


@dataclass(frozen=True)
class Case:
    """A request of many rows.

    Args:
        signature: its name.
        inputs: {input: (n, …)}.
        output: the output's name.
        expected: computes what Keras gives, (n, …).
    """

    signature: str
    inputs: Mapping[str, np.ndarray]
    output: str
    expected: Callable[[], np.ndarray]


def as_files(images: np.ndarray) -> np.ndarray:
    """PNG files.

    Args:
        images: uint8 (n, height, width, 3).

    Returns:
        Objects of bytes (n,).
    """
    return np.array([tf.io.encode_png(image).numpy() for image in images], object)


def as_floats(values: np.ndarray) -> np.ndarray:
    """Pictures, as files or uint8, as floats in [-1, 1]; floats as they are.

    Args:
        values: (n, …).
    """
    if values.dtype == object:
        values = np.stack([tf.io.decode_png(file).numpy() for file in values])
    return to_float(values)
