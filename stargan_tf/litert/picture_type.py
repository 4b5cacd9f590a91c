"""Pictures as uint8 at a file's edges."""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from stargan_tf.data.pixels import to_float, to_uint8
from stargan_tf.litert.modes import UINT8
from stargan_tf.litert.part import Arrays, Endpoint


def signature(endpoint: Endpoint, input_type: str) -> dict[str, tf.TensorSpec]:
    """The inputs of an endpoint as its file takes them.

    Args:
        endpoint: the endpoint.
        input_type: `"float32"` or `"uint8"`.
    """
    types = {name: input_type for name in endpoint.pictures}
    return {
        name: tf.TensorSpec(shape, types.get(name, "float32"), name=name)
        for name, shape in endpoint.shapes.items()
    }


def function(endpoint: Endpoint, input_type: str) -> Callable[..., dict[str, Any]]:
    """What an endpoint's file computes.

    Args:
        endpoint: the endpoint.
        input_type: `"float32"` or `"uint8"`.
    """
    if input_type != UINT8:
        return endpoint.function

    def on_bytes(**inputs):
        for name in set(endpoint.pictures) & set(inputs):
            inputs[name] = tf.cast(inputs[name], tf.float32) * (1 / 127.5) - 1.0
        outputs = endpoint.function(**inputs)
        for name in set(endpoint.pictures) & set(outputs):
            # In [-1, 1]; the cast cuts off, which after + 0.5 is rounding.
            grey = outputs[name] * 127.5 + 128.0
            outputs[name] = tf.cast(grey, tf.uint8)
        return outputs

    return on_bytes


def as_taken(endpoint: Endpoint, arrays: Arrays, input_type: str) -> Arrays:
    """Float arrays as the file takes or gives them.

    Args:
        endpoint: the endpoint.
        arrays: by name of the input or output, pictures in [-1, 1].
        input_type: `"float32"` or `"uint8"`.
    """
    if input_type != UINT8:
        return arrays
    return {
        name: to_uint8(np.asarray(array)) if name in endpoint.pictures else array
        for name, array in arrays.items()
    }


def as_floats(arrays: Arrays) -> Arrays:
    """The opposite: uint8 pictures as float32 in [-1, 1]."""
    return {name: to_float(np.asarray(array)) for name, array in arrays.items()}
