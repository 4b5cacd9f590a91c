"""What is inside of a LiteRT file."""

import re

import flatbuffers
import pytest

from stargan_tf.exporting.litert_file import check_operations, operations, unpack


def test_builtin_operations_are_counted(generator_content):
    found = operations(generator_content)
    assert found["TRANSPOSE_CONV"] == 2
    assert found["CONV_2D"] == 6
    check_operations(generator_content)


def pack(model):
    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def test_a_flex_operation_is_refused(generator_content):
    model = unpack(generator_content)
    model.operatorCodes[0].builtinCode = 32
    model.operatorCodes[0].deprecatedBuiltinCode = 32
    model.operatorCodes[0].customCode = "FlexErf"
    with pytest.raises(RuntimeError, match="CUSTOM:FlexErf"):
        check_operations(pack(model))


def test_an_open_shape_is_refused(generator_content):
    model = unpack(generator_content)
    tensor = model.subgraphs[0].tensors[0]
    tensor.shapeSignature = [-1, *tensor.shape[1:]]
    with pytest.raises(RuntimeError, match=re.escape(tensor.name.decode())):
        check_operations(pack(model))
