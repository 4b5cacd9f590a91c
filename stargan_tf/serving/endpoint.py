"""One signature of a SavedModel, before it is written."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from stargan_tf.export.sample_images import SampleImages
from stargan_tf.serving.case import Case

FLOAT_SUFFIX = "_float"


@dataclass(frozen=True)
class Endpoint:
    """A signature.

    Args:
        name: of the signature.
        function: tensors in the order of `inputs` → {output name: tensor}.
        inputs: `tf.TensorSpec`s with names.
    """

    name: str
    function: Callable[..., dict[str, Any]]
    inputs: tuple[tf.TensorSpec, ...]


@dataclass(frozen=True)
class ServedForm:
    """A model as a SavedModel.

    Args:
        endpoints: its signatures, the default one first.
        networks: the Keras layers whose weights they use.
        cases: pictures → what Keras and the export are both asked.
    """

    endpoints: tuple[Endpoint, ...]
    networks: tuple[Any, ...]
    cases: Callable[[SampleImages], list[Case]]


def image_spec(name: str, size: int, dtype: tf.DType = tf.uint8) -> tf.TensorSpec:
    """The spec of a batch of square RGB images.

    Args:
        name: of the input.
        size: side in pixels.
        dtype: `tf.uint8`, or `tf.float32` for [-1, 1].
    """
    return tf.TensorSpec((None, size, size, 3), dtype, name=name)


def row_spec(name: str, width: int | None, dtype: tf.DType) -> tf.TensorSpec:
    """The spec of one row, or one value, for each image.

    Args:
        name: of the input.
        width: of a row; None for single values.
        dtype: of the values.
    """
    shape = (None,) if width is None else (None, width)
    return tf.TensorSpec(shape, dtype, name=name)
