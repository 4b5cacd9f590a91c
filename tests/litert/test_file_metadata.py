import numpy as np

from stargan_tf.exporting.litert_file import read_metadata, unpack, with_metadata
from tests.litert.conftest import compare

SAID = {"domains": ["Café", "Glückliche"], "range": [-1, 1]}


def test_what_is_put_in_comes_out(v1_content):
    assert read_metadata(v1_content) is None
    assert read_metadata(with_metadata(v1_content, SAID)) == SAID


def test_the_file_still_runs(v1, v1_content, hair_pictures):
    content = with_metadata(v1_content, SAID)
    assert content[4:8] == b"TFL3"
    found = compare(v1, content, "float32", hair_pictures)["translate"]
    assert found == compare(v1, v1_content, "float32", hair_pictures)["translate"]


def test_weights_stay_aligned(v1_content):
    content = with_metadata(v1_content, SAID)
    start = np.frombuffer(content, np.uint8).ctypes.data
    buffers = [buffer.data for buffer in unpack(content).buffers]
    places = [data.ctypes.data - start for data in buffers if data is not None]
    assert len(places) > 10
    assert not [place for place in places if place % 16]
