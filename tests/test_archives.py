"""Arrays from elsewhere are measured before memory is taken for them."""

import io
import zipfile

import numpy as np
import pytest
from absl import logging

from stargan_tf import archives
from stargan_tf.archives import check_archive, open_arrays
from stargan_tf.errors import InputError
from stargan_tf.limits import SMALL_BYTES


@pytest.fixture
def warned(monkeypatch):
    """The warnings that were logged, as text."""
    lines = []
    monkeypatch.setattr(
        logging, "warning", lambda text, *values: lines.append(text % values)
    )
    return lines


def npy(shape, dtype=np.float32, content=b""):
    header = io.BytesIO()
    descr = np.lib.format.dtype_to_descr(np.dtype(dtype))
    description = {"descr": descr, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(header, description)
    return header.getvalue() + content


def archive(path, **members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in members.items():
            opened.writestr(f"{name}.npy", content)
    return path


def test_arrays_are_read(tmp_path):
    arrays = {"a": np.arange(6.0).reshape(2, 3), "b": np.array("text"), "c": np.ones(0)}
    np.savez_compressed(tmp_path / "a.npz", **arrays)
    with open_arrays(tmp_path / "a.npz") as read:
        for name, array in arrays.items():
            np.testing.assert_array_equal(read[name], array)


@pytest.mark.parametrize(
    "content",
    [
        npy((10**12,)),
        npy((4 * 10**9,), content=b"1234"),
        npy((10**9, 10**9, 10**9)),
        npy((0, -1)),
        npy((2,), content=b"12345678more"),
        npy((1,), object, b"12345678"),
        b"no array",
        b"",
        b"\x93NUMPY\x09\x00" + bytes(200),
    ],
)
def test_arrays_that_are_not_what_they_claim(tmp_path, content):
    path = archive(tmp_path / "a.npz", good=npy((1,), content=b"1234"), bad=content)
    with pytest.raises(ValueError), open_arrays(path):
        pass


def test_a_single_array_is_no_archive(tmp_path):
    (tmp_path / "a.npz").write_bytes(npy((10**12,)))
    with pytest.raises(ValueError, match="not a zip"), open_arrays(tmp_path / "a.npz"):
        pass


def test_archives_that_unpack_to_much_more_than_they_are(tmp_path):
    zeros = bytes(SMALL_BYTES)
    path = archive(tmp_path / "a.npz", a=npy((len(zeros),), np.uint8, zeros))
    with pytest.raises(InputError, match="over 100 times its"), open_arrays(path):
        pass
    few = archive(tmp_path / "b.npz", a=npy((1000,), np.uint8, zeros[:1000]))
    with zipfile.ZipFile(few) as opened:
        check_archive(opened, few)


def test_arrays_are_written_and_read(tmp_path, warned):
    path = tmp_path / "cache" / "a.npz"
    assert archives.read_arrays(path, "statistics") is None
    archives.write_arrays(path, {"a/b": [1, 2], "text": "é"}, "statistics")
    read = archives.read_arrays(path, "statistics")
    assert read["a/b"].tolist() == [1, 2] and str(read["text"]) == "é"
    assert not warned


def damages(content):
    yield b""
    yield b"text"
    yield content[:-10]
    for place in range(0, len(content), 7):
        yield content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :]


def test_damaged_arrays_are_one_warning(tmp_path, warned):
    path = tmp_path / "a.npz"
    archives.write_arrays(path, {"a": [1.0, 2.0]}, "statistics")
    content = path.read_bytes()
    for damaged in damages(content):
        path.write_bytes(damaged)
        before = len(warned)
        read = archives.read_arrays(path, "statistics")
        if read is None:
            assert len(warned) == before + 1
            assert "\n" not in warned[-1] and "recreated" in warned[-1]
    assert len(warned) > 20
    path.write_bytes(b"")
    path.unlink()
    path.mkdir()
    assert archives.read_arrays(path, "statistics") is None
