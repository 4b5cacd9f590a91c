"""NumPy arrays ↔ the tensors of TensorFlow Serving, without TensorFlow."""

import math
from typing import Any

import numpy as np

from stargan_tf.errors import InputError
from stargan_tf.serving.wire import messages

STRING = 7  # DT_STRING
# NumPy's type → (number of the type, field of its values) in tensor.proto.
TYPES = {
    "float32": (1, "float_val"),
    "float64": (2, "double_val"),
    "int32": (3, "int_val"),
    "uint8": (4, "int_val"),
    "int16": (5, "int_val"),
    "int8": (6, "int_val"),
    "int64": (9, "int64_val"),
    "bool": (10, "bool_val"),
    "uint16": (17, "int_val"),
    "float16": (19, "half_val"),
    "uint32": (22, "uint32_val"),
    "uint64": (23, "uint64_val"),
}
NAMES = {number: name for name, (number, _) in TYPES.items()}
# Where a tensor holds fewer values than its shape has, the last one stands for the
# rest. Constants are sent like that; images never are. Larger ones are attacks: 59
# bytes can stand for any amount of memory.
FILLED_BYTES = 16 << 20
_STRING_BYTES = 24  # What TensorFlow takes for a string, beside its characters.


def to_tensor(value: Any) -> Any:
    """An array as a message.

    Args:
        value: an array or what NumPy makes one of; text becomes UTF-8.

    Returns:
        A `wire.messages.Tensor`.

    Raises:
        InputError: for a type that has no tensor.
    """
    array = np.asarray(value)
    tensor = messages.Tensor()
    tensor.tensor_shape.SetInParent()  # a scalar has a shape, an empty one
    for size in array.shape:
        tensor.tensor_shape.dim.add(size=size)
    if array.dtype.kind in "OSU":
        tensor.dtype = STRING
        tensor.string_val.extend(map(_as_bytes, array.ravel().tolist()))
    elif array.dtype.name in TYPES:
        tensor.dtype = TYPES[array.dtype.name][0]
        little = array.astype(array.dtype.newbyteorder("<"), copy=False)
        tensor.tensor_content = little.tobytes()
    else:
        raise InputError(
            "Servers take numbers, booleans, text and bytes. Received: an array of "
            f"{array.dtype}"
        )
    return tensor


def _as_bytes(value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode("utf-8")
    if isinstance(value, bytes):
        return value
    raise InputError(f"Expected text or bytes. Received: {type(value).__name__}")


def to_array(tensor: Any) -> np.ndarray:
    """A message as an array, whichever of its two forms the values have.

    Args:
        tensor: a `wire.messages.Tensor`.

    Returns:
        An array; of bytes objects for strings.

    Raises:
        ValueError: if type, shape and values do not go together.
    """
    shape = measured(tensor)
    if tensor.dtype == STRING:
        return _filled(np.array(list(tensor.string_val), object), shape)
    dtype = np.dtype(NAMES[tensor.dtype])
    if tensor.tensor_content:
        stored = np.frombuffer(tensor.tensor_content, dtype.newbyteorder("<"))
        return stored.astype(dtype).reshape(shape)
    values = getattr(tensor, TYPES[dtype.name][1])
    if dtype == np.float16:
        return _filled(np.array(values, np.uint16).view(np.float16), shape)
    return _filled(np.array(values, dtype), shape)


def measured(tensor: Any) -> list[int]:
    """The shape of a message, compared with its values before memory is taken for it.

    Args:
        tensor: a `wire.messages.Tensor`, or TensorFlow's `TensorProto`.

    Returns:
        The size of each dimension.

    Raises:
        ValueError: if type, shape and values do not match, or the tensor would take
            far more memory than the message does.
    """
    shape = [dim.size for dim in tensor.tensor_shape.dim]
    if tensor.dtype not in (STRING, *NAMES):
        raise ValueError(f"A tensor of type {tensor.dtype} cannot be read.")
    if tensor.tensor_shape.unknown_rank or min(shape, default=0) < 0:
        raise ValueError("Every dimension of a tensor must have a size of at least 0.")
    count = math.prod(shape)
    if tensor.dtype == STRING:
        values = tensor.string_val
        last = len(values[-1]) if values else 0
        item_bytes = _STRING_BYTES + last
    else:
        dtype = np.dtype(NAMES[tensor.dtype])
        values, item_bytes = getattr(tensor, TYPES[dtype.name][1]), dtype.itemsize
        if tensor.tensor_content:
            _check_content(len(tensor.tensor_content), count * item_bytes, shape)
            return shape
    if len(values) > count or (count and not values):
        raise ValueError(f"The shape {shape} needs {count} values, not {len(values)}.")
    if len(values) < count and count * item_bytes > FILLED_BYTES:
        raise ValueError(
            f"The shape {shape} needs {count} values. Received: {len(values)}, and "
            f"repeating the last one is for tensors of up to {FILLED_BYTES} bytes."
        )
    return shape


def _check_content(received: int, expected: int, shape: list[int]) -> None:
    if received != expected:
        raise ValueError(
            f"The shape {shape} needs a content of {expected} bytes, not {received}."
        )


def _filled(values: np.ndarray, shape: list[int]) -> np.ndarray:
    """In short lists the last value stands for the rest."""
    count = math.prod(shape)
    if 0 < len(values) < count:
        values = np.concatenate([values, np.repeat(values[-1:], count - len(values))])
    return values.reshape(shape)
