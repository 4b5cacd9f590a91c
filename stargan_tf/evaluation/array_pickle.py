"""Reads a pickle of nested dictionaries of NumPy arrays, and nothing else."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np

from stargan_tf.errors import InputError

_ALLOWED = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
}


def read_array_pickle(path: Path) -> dict[str, np.ndarray]:
    """All arrays of a file.

    Args:
        path: the file.

    Returns:
        Names joined by `/`, such as `AlexNet_0/Conv_0/kernel`, and arrays.

    Raises:
        InputError: if the file holds anything else.
    """
    try:
        with path.open("rb") as stream:
            return _flatten(_Unpickler(stream).load())
    # Which error it is depends on the byte that is wrong.
    except Exception as error:
        raise InputError(f"{path} is no pickle of arrays: {error}.") from error


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        # numpy.core of NumPy 1 is numpy._core in NumPy 2.
        if module.endswith("core.multiarray") and name == "_reconstruct":
            return np.zeros(1).__reduce__()[0]
        if (module, name) in _ALLOWED:
            return _ALLOWED[module, name]
        raise pickle.UnpicklingError(f"it asks for {module}.{name}")


def _flatten(tree: dict, start: str = "") -> dict[str, np.ndarray]:
    flat = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            flat.update(_flatten(value, f"{start}{key}/"))
        else:
            flat[f"{start}{key}"] = np.asarray(value)
    return flat
