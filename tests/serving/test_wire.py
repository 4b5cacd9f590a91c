"""Our messages against the generated ones of tensorflow-serving-api."""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.framework.tensor_pb2 import TensorProto
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    predict_pb2,
)

from stargan_tf.errors import InputError
from stargan_tf.serving import wire
from stargan_tf.serving import wire as tensors
from stargan_tf.serving.wire import messages

ARRAYS = {
    "float32": np.array([[0.5, -1.25], [3, 4]], np.float32),
    "float64": np.array([0.1]),
    "int32": np.array([-1, 2], np.int32),
    "uint8": np.arange(256, dtype=np.uint8).reshape(2, 128),
    "int64": np.array([-(1 << 40)]),
    "empty": np.zeros((0, 4), np.float32),
    "scalar": np.float32(0.25),
    "bytes": np.array([b"\x00\xff", b""], object),
}
ORIGINALS = {
    "PredictRequest": predict_pb2.PredictRequest,
    "PredictResponse": predict_pb2.PredictResponse,
    "StatusRequest": get_model_status_pb2.GetModelStatusRequest,
    "StatusResponse": get_model_status_pb2.GetModelStatusResponse,
    "MetadataRequest": get_model_metadata_pb2.GetModelMetadataRequest,
    "MetadataResponse": get_model_metadata_pb2.GetModelMetadataResponse,
    "Signatures": get_model_metadata_pb2.SignatureDefMap,
}


def check_fields(ours, theirs, seen):
    """Every field of ours is theirs: number, kind, repeated or not; and so on down."""
    if ours.full_name in seen:
        return
    seen.add(ours.full_name)
    for field in ours.fields:
        other = theirs.fields_by_number[field.number]
        assert other.name == field.name
        # Protobuf before 6.31, which TensorFlow 2.18 needs, lacks `is_repeated`.
        if hasattr(other, "is_repeated"):
            assert other.is_repeated == field.is_repeated
        enumeration = other.type == other.TYPE_ENUM
        assert field.type == (field.TYPE_INT32 if enumeration else other.type)
        if field.message_type:
            check_fields(field.message_type, other.message_type, seen)


def test_every_field_is_that_of_the_original():
    seen = set()
    for name, original in ORIGINALS.items():
        check_fields(getattr(messages, name).DESCRIPTOR, original.DESCRIPTOR, seen)
    assert {f"{wire.PACKAGE}.{name}" for name in wire.MESSAGES} <= seen


@pytest.mark.parametrize("name", ARRAYS)
def test_tensorflow_reads_what_we_write(name):
    sent = tensors.to_tensor(ARRAYS[name]).SerializeToString()
    read = tf.make_ndarray(TensorProto.FromString(sent))
    assert read.dtype == ARRAYS[name].dtype
    np.testing.assert_array_equal(read, ARRAYS[name])


@pytest.mark.parametrize("name", ARRAYS)
def test_we_read_both_forms_that_tensorflow_writes(name):
    array = ARRAYS[name]
    compact = tf.make_tensor_proto(array)
    values = TensorProto(dtype=compact.dtype, tensor_shape=compact.tensor_shape)
    field = "string_val" if name == "bytes" else tensors.TYPES[array.dtype.name][1]
    getattr(values, field).extend(np.ravel(array).tolist())
    for proto in (compact, values):
        ours = messages.Tensor.FromString(proto.SerializeToString())
        read = tensors.to_array(ours)
        assert read.dtype == array.dtype
        np.testing.assert_array_equal(read, array)


def test_the_last_value_fills_the_rest():
    filled = tf.make_tensor_proto(7.0, tf.float32, shape=[2, 3])
    ours = messages.Tensor.FromString(filled.SerializeToString())
    np.testing.assert_array_equal(tensors.to_array(ours), np.full((2, 3), 7.0))


@pytest.mark.parametrize("make", [messages.Tensor, TensorProto])
@pytest.mark.parametrize(
    ("dtype", "shape", "values"),
    [
        ("string", [10**9], {}),
        ("string", [10**9], {"string_val": [b"a"]}),
        ("uint8", [400_000, 64, 64, 3], {"int_val": [1]}),
        ("uint8", [2**62, 2**62], {"int_val": [1]}),
        ("uint8", [2], {"int_val": [1, 2, 3]}),
        ("uint8", [2], {"tensor_content": b"abc"}),
        ("float32", [10**9], {"tensor_content": b"abcd"}),
        ("uint8", [-1, -1], {"int_val": [1]}),
        ("int32", [], {}),
        ("complex64", [1], {"float_val": [1.0]}),
    ],
)
def test_tensors_are_measured_before_they_are_built(make, dtype, shape, values):
    tensor = make(dtype=tf.as_dtype(dtype).as_datatype_enum, **values)
    for size in shape:
        tensor.tensor_shape.dim.add(size=size)
    with pytest.raises(ValueError, match="dimension|needs|cannot be read"):
        tensors.to_array(tensor)


def test_text_becomes_utf8_and_other_things_are_refused():
    read = tensors.to_array(tensors.to_tensor(["é", "b"]))
    assert read.tolist() == ["é".encode(), b"b"]
    with pytest.raises(InputError, match="complex128"):
        tensors.to_tensor(np.array([1j]))
    with pytest.raises(InputError, match="NoneType"):
        tensors.to_tensor(np.array([None]))
