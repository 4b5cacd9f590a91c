"""Messages and tensors of TensorFlow Serving, without TensorFlow.

The generated modules of `tensorflow-serving-api` import TensorFlow, which takes seconds
and half a gigabyte. Protocol buffers depend only on field numbers and types, so the
messages that a client needs are redefined here, in a separate package, so that both can
be used in one process. `tests/serving/test_wire.py` compares them with the originals.
"""

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import FieldDescriptorProto

from stargan_tf.errors import InputError

PACKAGE = "stargan_tf.serving.wire"
ANY = "google.protobuf.Any"
SCALARS = ("int32", "int64", "bool", "string", "bytes", "float", "double")
# Message → "name=number:type", as in the .proto files. `[]` marks repeated fields, `{}`
# maps from strings. Enumerations are int32, with the same encoding.
MESSAGES = {
    "Dim": "size=1:int64 name=2:string",
    "TensorShape": "dim=2:Dim[] unknown_rank=3:bool",
    "Tensor": (
        "dtype=1:int32 tensor_shape=2:TensorShape tensor_content=4:bytes "
        "float_val=5:float[] double_val=6:double[] int_val=7:int32[] "
        "string_val=8:bytes[] int64_val=10:int64[]"
    ),
    "Int64Value": "value=1:int64",
    "ModelSpec": (
        "name=1:string version=2:Int64Value signature_name=3:string "
        "version_label=4:string"
    ),
    "PredictRequest": (
        "model_spec=1:ModelSpec inputs=2:Tensor{} output_filter=3:string[]"
    ),
    "PredictResponse": "outputs=1:Tensor{} model_spec=2:ModelSpec",
    "Status": "error_code=1:int32 error_message=2:string",
    "VersionStatus": "version=1:int64 state=2:int32 status=3:Status",
    "StatusRequest": "model_spec=1:ModelSpec",
    "StatusResponse": "model_version_status=1:VersionStatus[]",
    "TensorInfo": "name=1:string dtype=2:int32 tensor_shape=3:TensorShape",
    "Signature": "inputs=1:TensorInfo{} outputs=2:TensorInfo{} method_name=3:string",
    "Signatures": "signature_def=1:Signature{}",
    "MetadataRequest": "model_spec=1:ModelSpec metadata_field=2:string[]",
    "MetadataResponse": f"model_spec=1:ModelSpec metadata=2:{ANY}{{}}",
}
STRING = 7  # DT_STRING
# NumPy type → (number of the type, field of its values) in tensor.proto, for the types
# of exported signatures.
TYPES = {
    "float32": (1, "float_val"),
    "float64": (2, "double_val"),
    "int32": (3, "int_val"),
    "uint8": (4, "int_val"),
    "int64": (9, "int64_val"),
}
NAMES = {number: name for name, (number, _) in TYPES.items()} | {STRING: "string"}
# If a tensor has fewer values than its shape, the last one is repeated. Constants are
# sent like this, but never images. The size is limited, since 59 bytes can request any
# amount of memory.
FILLED_BYTES = 16 << 20
_STRING_BYTES = 24  # Memory of a string in TensorFlow, besides its characters.


def to_tensor(value: Any) -> Any:
    """Converts an array to a message."""
    array = np.asarray(value)
    tensor = messages.Tensor()
    tensor.tensor_shape.SetInParent()  # The shape of a scalar is empty, not missing.
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
            "Inputs must be float32, float64, int32, int64, uint8, strings, or bytes. "
            f"Received: an array of {array.dtype}"
        )
    return tensor


def _as_bytes(value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode("utf-8")
    if isinstance(value, bytes):
        return value
    raise InputError(f"Expected a string or bytes. Received: {type(value).__name__}")


def to_array(tensor: Any) -> np.ndarray:
    """Converts a message to an array, after checking its size.

    Returns:
        An array; for strings, of bytes objects.

    Raises:
        ValueError: if type, shape, and values do not match, or the array would be far
            larger than the message.
    """
    shape = [dim.size for dim in tensor.tensor_shape.dim]
    if tensor.dtype not in NAMES:
        raise ValueError(f"A tensor of type {tensor.dtype} cannot be read.")
    if tensor.tensor_shape.unknown_rank or min(shape, default=0) < 0:
        raise ValueError("Every dimension of a tensor must have a size of at least 0.")
    count = math.prod(shape)
    if tensor.dtype == STRING:
        values = tensor.string_val
        item_bytes = _STRING_BYTES + (len(values[-1]) if values else 0)
        _check_count(len(values), shape, item_bytes)
        return _filled(np.array(list(values), object), shape)
    dtype = np.dtype(NAMES[tensor.dtype])
    if content := tensor.tensor_content:
        if len(content) != count * dtype.itemsize:
            raise ValueError(
                f"The shape {shape} needs a content of {count * dtype.itemsize} bytes, "
                f"not {len(content)}."
            )
        stored = np.frombuffer(content, dtype.newbyteorder("<"))
        return stored.astype(dtype).reshape(shape)
    values = getattr(tensor, TYPES[dtype.name][1])
    _check_count(len(values), shape, dtype.itemsize)
    return _filled(np.array(values, dtype), shape)


def _check_count(received: int, shape: list[int], item_bytes: int) -> None:
    count = math.prod(shape)
    if received > count or (count and not received):
        raise ValueError(f"The shape {shape} needs {count} values, not {received}.")
    if received < count and count * item_bytes > FILLED_BYTES:
        raise ValueError(
            f"The shape {shape} needs {count} values. Received: {received}, and "
            f"repeating the last one is for tensors of up to {FILLED_BYTES} bytes."
        )


def _filled(values: np.ndarray, shape: list[int]) -> np.ndarray:
    count = math.prod(shape)
    if len(values) < count:
        values = np.concatenate([values, np.repeat(values[-1:], count - len(values))])
    return values.reshape(shape)


def _build() -> SimpleNamespace:
    file = descriptor_pb2.FileDescriptorProto(
        name="stargan_tf/serving/wire.proto", package=PACKAGE, syntax="proto3"
    )
    file.dependency.append(any_pb2.DESCRIPTOR.name)
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for field in fields.split():
            field_name, _, rest = field.partition("=")
            number, _, field_type = rest.partition(":")
            _add_field(message, field_name, int(number), field_type)
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(any_pb2.DESCRIPTOR.serialized_pb)
    pool.Add(file)
    classes = {}
    for name in MESSAGES:
        descriptor = pool.FindMessageTypeByName(f"{PACKAGE}.{name}")
        classes[name] = message_factory.GetMessageClass(descriptor)
    return SimpleNamespace(**classes)


def _add_field(
    message: descriptor_pb2.DescriptorProto, name: str, number: int, field_type: str
) -> None:
    field = message.field.add(
        name=name, number=number, label=FieldDescriptorProto.LABEL_OPTIONAL
    )
    if field_type.endswith(("[]", "{}")):
        field.label = FieldDescriptorProto.LABEL_REPEATED
    if field_type.endswith("{}"):
        # A map is a repeated message of a key and a value.
        camel = "".join(word.capitalize() for word in name.split("_")) + "Entry"
        entry = message.nested_type.add(name=camel)
        entry.options.map_entry = True
        _add_field(entry, "key", 1, "string")
        _add_field(entry, "value", 2, field_type.removesuffix("{}"))
        field_type = f"{message.name}.{camel}"
    field_type = field_type.removesuffix("[]")
    if field_type in SCALARS:
        field.type = getattr(FieldDescriptorProto, f"TYPE_{field_type.upper()}")
        return
    field.type = FieldDescriptorProto.TYPE_MESSAGE
    home = "" if field_type == ANY else f".{PACKAGE}"
    field.type_name = f"{home}.{field_type}"


messages = _build()
