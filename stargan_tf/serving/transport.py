"""How pictures get into a signature and out of it: as arrays, or as files."""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from stargan_tf.serving import pictures
from stargan_tf.serving.endpoint import FLOAT_SUFFIX, image_spec, row_spec

ENCODED_SUFFIX = "_encoded"


class Arrays:
    """Pictures as arrays of the model's size.

    Args:
        size: side in pixels.
        dtype: `tf.uint8`, or `tf.float32` for [-1, 1].
    """

    by_name = False
    images = "images"

    def __init__(self, size: int, dtype: tf.DType):
        self._size, self._dtype = size, dtype
        self.suffix = "" if dtype == tf.uint8 else FLOAT_SUFFIX

    def spec(self, name: str) -> tf.TensorSpec:
        """The input that brings pictures.

        Args:
            name: of the input.
        """
        return image_spec(name, self._size, self._dtype)

    def floats(self, images):
        """What arrives as float32 in [-1, 1]."""
        return pictures.to_float(images) if self._dtype == tf.uint8 else images

    def result(self, drawn):
        """{output: what leaves}, of float images in [-1, 1]."""
        plain = self._dtype == tf.uint8
        return {"images": pictures.to_uint8(drawn) if plain else drawn}


class Files:
    """Pictures as files of any size; what is meant is said by names.

    Args:
        size: side in pixels of what the model takes.
        description: `fit` and `crop_size` say how files become squares.
    """

    by_name = True
    images = "encoded"
    suffix = ENCODED_SUFFIX

    def __init__(self, size: int, description: Mapping[str, Any]):
        self._square = size, description["fit"], description["crop_size"]

    def spec(self, name: str) -> tf.TensorSpec:
        """As `Arrays.spec`."""
        return row_spec(name, None, tf.string)

    def floats(self, files):
        """As `Arrays.floats`."""
        return pictures.to_float(pictures.decode(files, *self._square))

    def result(self, drawn):
        """As `Arrays.result`."""
        return {"encoded_bytes": pictures.encode(pictures.to_uint8(drawn))}


def transports(size: int, description: Mapping[str, Any]) -> tuple[Any, ...]:
    """uint8, float and files: a signature for each.

    Args:
        size: side of the model's images in pixels.
        description: as in `model.json`.
    """
    arrays = (Arrays(size, dtype) for dtype in (tf.uint8, tf.float32))
    return (*arrays, Files(size, description))
