"""Reads the tensors of a PyTorch file without PyTorch, and without running its code.

Files written by PyTorch 1.6 or later are zip archives: `data.pkl` describes the
objects, `data/<key>` holds bare numbers. Both state dictionaries and TorchScript
modules are read. The pickle may name no function but the few below.
"""

import math
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from stargan_tf.archives import check_archive
from stargan_tf.errors import InputError

# PyTorch's old files begin with this number, pickled.
_LEGACY = pickle.dumps(0x1950A86A20F9469CFC6C, protocol=2)

_TYPES = {
    "DoubleStorage": np.float64,
    "FloatStorage": np.float32,
    "HalfStorage": np.float16,
    "LongStorage": np.int64,
    "IntStorage": np.int32,
    "BoolStorage": np.bool_,
    "ByteStorage": np.uint8,
}


def read_torch_file(path: Path) -> dict[str, np.ndarray]:
    """All tensors of a file, in its order.

    Args:
        path: a `.pt` or `.pth` file in PyTorch's zip format; the one used before
            PyTorch 1.6 needs PyTorch itself.

    Returns:
        Dotted names, such as `layers.conv.weight`, and arrays.

    Raises:
        InputError: if it is another kind of file.
        ImportError: for the old format without PyTorch, naming the extra.
    """
    if _is_legacy(path):
        # Streams of pickles with bare numbers between them: PyTorch itself reads them.
        from stargan_tf.convert.torch_file import read

        return dict(_flatten(read(path), ()))
    try:
        with zipfile.ZipFile(path) as archive:
            check_archive(archive, path)
            described = next(
                name for name in archive.namelist() if name.endswith("/data.pkl")
            )
            with archive.open(described) as stream:
                tree = _Unpickler(stream, archive, described[: -len(".pkl")]).load()
    except InputError:
        raise
    # Which error it is depends on the byte that is wrong.
    except Exception as error:
        raise InputError(
            f"{path} is no PyTorch file of version 1.6 or later that holds tensors "
            f"only ({error or 'no data.pkl in it'})."
        ) from error
    return dict(_flatten(tree, ()))


def _is_legacy(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(len(_LEGACY)) == _LEGACY


class _Module(dict):
    """A TorchScript object: its attributes by name."""

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.update(state)


class _Unpickler(pickle.Unpickler):
    def __init__(self, stream: Any, archive: zipfile.ZipFile, folder: str):
        super().__init__(stream)
        self._archive, self._folder = archive, folder

    def find_class(self, module: str, name: str) -> Any:
        if module.startswith("__torch__"):
            return _Module
        if module == "torch" and name in _TYPES:
            return _TYPES[name]
        if (module, name) in _FUNCTIONS:
            return _FUNCTIONS[module, name]
        raise pickle.UnpicklingError(f"it asks for {module}.{name}")

    def persistent_load(self, pid: tuple) -> np.ndarray:
        _, dtype, key, _, _ = pid
        return np.frombuffer(self._archive.read(f"{self._folder}/{key}"), dtype)


def _tensor(storage: np.ndarray, offset: int, size: tuple, stride: tuple, *rest: Any):
    size, stride = tuple(size), tuple(stride)
    last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    count = math.prod(size)
    if min((offset, *size, *stride)) < 0 or count > storage.size:
        raise pickle.UnpicklingError("a tensor is larger than its storage")
    if count and last >= storage.size:
        raise pickle.UnpicklingError("a tensor lies outside of its storage")
    if not count:
        return np.zeros(size, storage.dtype)
    steps = [step * storage.itemsize for step in stride]
    view = np.lib.stride_tricks.as_strided(storage[offset:], size, steps)
    return np.ascontiguousarray(view).reshape(size)


_FUNCTIONS = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch._utils", "_rebuild_parameter"): lambda data, *rest: data,
    ("torch.jit._pickle", "build_intlist"): list,
}


def _flatten(tree: Any, name: tuple[str, ...]) -> Iterator[tuple[str, np.ndarray]]:
    if isinstance(tree, np.ndarray):
        yield ".".join(name), tree
    elif isinstance(tree, dict):
        for key, value in tree.items():
            yield from _flatten(value, (*name, str(key)))
