import re

import pytest

from stargan_tf.exporting.litert_file import check_operations, operations, pack, unpack


def test_builtin_operations_are_counted(v1_content):
    found = operations(v1_content)
    assert found["TRANSPOSE_CONV"] == 2
    assert found["CONV_2D"] == 6
    check_operations(v1_content)


def test_a_flex_operation_is_refused(v1_content):
    model = unpack(v1_content)
    model.operatorCodes[0].builtinCode = 32
    model.operatorCodes[0].deprecatedBuiltinCode = 32
    model.operatorCodes[0].customCode = "FlexErf"
    with pytest.raises(RuntimeError, match="CUSTOM:FlexErf"):
        check_operations(pack(model))


def test_an_open_shape_is_refused(v1_content):
    model = unpack(v1_content)
    tensor = model.subgraphs[0].tensors[0]
    tensor.shapeSignature = [-1, *tensor.shape[1:]]
    with pytest.raises(RuntimeError, match=re.escape(tensor.name.decode())):
        check_operations(pack(model))
