import pickle
from fractions import Fraction

import numpy as np
import pytest

from stargan_tf.errors import InputError
from stargan_tf.evaluation.weights import read_array_pickle


@pytest.mark.parametrize("protocol", [3, 4])
def test_nested_arrays_come_back(tmp_path, protocol):
    path = tmp_path / "weights.ckpt"
    kernel = np.arange(6, dtype=np.float32).reshape(2, 3)
    tree = {"Net": {"Conv_0": {"kernel": kernel, "bias": np.ones(3)}}}
    path.write_bytes(pickle.dumps(tree, protocol=protocol))
    arrays = read_array_pickle(path)
    assert list(arrays) == ["Net/Conv_0/kernel", "Net/Conv_0/bias"]
    np.testing.assert_array_equal(arrays["Net/Conv_0/kernel"], kernel)


def test_nothing_else_is_read(tmp_path):
    path = tmp_path / "weights.ckpt"
    path.write_bytes(pickle.dumps({"a": Fraction(1, 2)}))
    with pytest.raises(InputError, match="it asks for fractions.Fraction"):
        read_array_pickle(path)
    path.write_bytes(b"no pickle")
    with pytest.raises(InputError, match="no pickle of arrays"):
        read_array_pickle(path)
