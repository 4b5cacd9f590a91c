"""What is inside of a LiteRT file."""

import re

import numpy as np
import pytest

from stargan_tf.exporting.litert_file import (
    check_operations,
    operations,
    pack,
    read_metadata,
    unpack,
    with_metadata,
)
from tests.exporting.asking import compare


def test_builtin_operations_are_counted(generator_content):
    found = operations(generator_content)
    assert found["TRANSPOSE_CONV"] == 2
    assert found["CONV_2D"] == 6
    check_operations(generator_content)


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


SAID = {"domains": ["Café", "Glückliche"], "range": [-1, 1]}


def test_what_is_put_in_comes_out(generator_content):
    assert read_metadata(generator_content) is None
    assert read_metadata(with_metadata(generator_content, SAID)) == SAID


def test_the_file_still_runs(generator_file, generator_content, hair_pictures):
    content = with_metadata(generator_content, SAID)
    assert content[4:8] == b"TFL3"
    with_it, without = (
        compare(generator_file, it, "float32", hair_pictures)["translate"]
        for it in (content, generator_content)
    )
    assert with_it == without


def test_weights_stay_aligned(generator_content):
    content = with_metadata(generator_content, SAID)
    start = np.frombuffer(content, np.uint8).ctypes.data
    buffers = [buffer.data for buffer in unpack(content).buffers]
    places = [data.ctypes.data - start for data in buffers if data is not None]
    assert len(places) > 10
    assert not [place for place in places if place % 16]
