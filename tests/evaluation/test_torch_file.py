import sys
from fractions import Fraction

import numpy as np
import pytest

from stargan_tf.errors import InputError
from stargan_tf.evaluation.weights import read_torch_file
from tests.evaluation.torch_like import Writer, save_pickle, save_state_dict

KERNEL = np.arange(24, dtype=np.float32).reshape(2, 3, 4)


def test_a_state_dictionary_in_its_order(tmp_path):
    save_state_dict(tmp_path / "a.pth", {"conv.weight": KERNEL, "conv.bias": KERNEL[0]})
    tensors = read_torch_file(tmp_path / "a.pth")
    assert list(tensors) == ["conv.weight", "conv.bias"]
    np.testing.assert_array_equal(tensors["conv.weight"], KERNEL)
    np.testing.assert_array_equal(tensors["conv.bias"], KERNEL[0])


def test_views_of_one_storage(tmp_path):
    """Transposed, and from the middle: offset and strides count."""
    writer = Writer()
    view = KERNEL[1].T
    code = writer.tensor(view, offset=12, strides=[1, 4], storage=KERNEL)
    writer.save(tmp_path / "a.pth", writer.ordered({"w": code}))
    np.testing.assert_array_equal(read_torch_file(tmp_path / "a.pth")["w"], view)


@pytest.mark.parametrize(
    ("shape", "offset", "strides"),
    [
        ((64,), 0, [1]),
        ((4,), 21, [1]),
        ((2, 2), 0, [100, 1]),
        ((30,), 0, [0]),
        ((2,), 1, [-1]),
        ((2,), -1, [1]),
    ],
)
def test_views_of_foreign_memory_are_refused(tmp_path, shape, offset, strides):
    writer = Writer()
    view = np.zeros(shape, np.float32)
    code = writer.tensor(view, offset=offset, strides=strides, storage=KERNEL)
    writer.save(tmp_path / "a.pth", writer.ordered({"w": code}))
    with pytest.raises(InputError, match="storage"):
        read_torch_file(tmp_path / "a.pth")


def test_a_torchscript_module(tmp_path):
    writer = Writer()
    inner = writer.module("Conv", {"weight": writer.tensor(KERNEL), "stride": b"K\x02"})
    writer.save(
        tmp_path / "a.pt", writer.module("Net", {"training": b"\x89", "conv": inner})
    )
    tensors = read_torch_file(tmp_path / "a.pt")
    assert list(tensors) == ["conv.weight"]


def test_no_code_is_run_and_other_files_are_refused(tmp_path):
    path = tmp_path / "a.pth"
    save_pickle(path, Fraction(1, 2))
    with pytest.raises(InputError, match="it asks for fractions.Fraction"):
        read_torch_file(path)
    path.write_bytes(b"something else")
    with pytest.raises(InputError, match="no PyTorch file of version 1.6 or later"):
        read_torch_file(path)


def test_the_old_format_is_left_to_pytorch(tmp_path, monkeypatch):
    path = tmp_path / "old.pth"
    path.write_bytes(bytes.fromhex("80028a0a6cfc9c46f920 6aa85019 2e"))
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImportError, match=r"stargan_tf\[convert\]"):
        read_torch_file(path)
