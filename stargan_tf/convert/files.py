"""Reads checkpoint files of several formats as nested dictionaries of arrays."""

import re
import zipfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from stargan_tf.archives import check_archive, open_arrays
from stargan_tf.errors import InputError, shortened

_MISSING = (
    "Torch files need PyTorch: pip install 'stargan_tf[convert]'. On Linux, the build "
    "without CUDA from https://download.pytorch.org/whl/cpu is much smaller."
)
# Matches errors of PyTorch's weights_only loader for pickles with code.
_CODE = re.compile(r"(?:GLOBAL|class|function)\s+([\w.]*\w)")
_ZIP = b"PK\x03\x04"
_PICKLE = b"\x80"
# The pickled magic number at the start of PyTorch's legacy format.
_LEGACY = b"\x80\x02\x8a\nl\xfc\x9cF\xf9"


def read_checkpoint(path: str | Path) -> dict[str, Any]:
    """Reads a PyTorch (zip or legacy), NumPy (`.npz`), or safetensors file.

    Args:
        path: path of the file.

    Returns:
        The content, with arrays instead of tensors; floats are float32.

    Raises:
        InputError: if the file does not exist, has another format, is damaged, or
            contains code.
        ImportError: if the format needs a package that is not installed.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"The checkpoint file {path} does not exist.")
    content = _reader(path)(path)
    if not all(isinstance(name, str) for name in content):
        raise _foreign(path, f"a file with the keys {shortened(str(list(content)))}")
    return content


def _reader(path: Path) -> Callable[[Path], dict[str, Any]]:
    """Selects the reader by the first bytes, because downloads are often renamed."""
    with path.open("rb") as file:
        start = file.read(len(_LEGACY))
    if start.startswith(_ZIP):
        return _reader_of_zip(path)
    if start == _LEGACY:
        return _read_torch
    if start.startswith(_PICKLE):
        raise InputError(
            f"{path} is rejected, because a plain pickle can run code when it is "
            "opened. Save the state dict with torch.save, or as .npz or .safetensors."
        )
    if path.suffix == ".safetensors" or start[8:] == b"{":
        return _read_safetensors
    raise _foreign(path, f"a file that begins with {start!r}")


def _reader_of_zip(path: Path) -> Callable[[Path], dict[str, Any]]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile as error:
        raise _damaged(path) from error
    if any(name.endswith("/data.pkl") for name in names):
        return _read_torch
    if all(name.endswith(".npy") for name in names):
        return _read_npz
    raise _foreign(path, f"a zip archive with {names[0]}")


def _foreign(path: Path, received: str) -> InputError:
    return InputError(
        f"{path} is not a checkpoint. Expected a torch file (.ckpt, .pt, .pth), .npz, "
        f"or .safetensors. Received: {received}."
    )


def _read_torch(path: Path) -> dict[str, Any]:
    """Reads a file in the zip or legacy format without running code in it."""
    torch = import_torch()
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            check_archive(archive, path)
    try:
        content = torch.load(
            path,
            map_location="cpu",
            weights_only=True,
            # Weights in a zip file are read when they are used.
            mmap=zipfile.is_zipfile(path),
        )
    # PyTorch documents no exceptions for damaged files; many types occur.
    except Exception as error:
        raise _refused(path, error) from error
    if not isinstance(content, Mapping):
        raise InputError(
            f"Expected a state dict in {path}. Received: {type(content).__name__}."
        )
    try:
        return _to_arrays(content, torch)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputError(
            f"Expected dense CPU tensors in {path}. Received: {error}. Move tensors "
            "to the CPU and make them dense before saving."
        ) from error


def _refused(path: Path, error: Exception) -> InputError:
    code = _CODE.search(str(error))
    if "eights only" not in str(error) or not code:
        return _damaged(path)
    return InputError(
        f"{path} is rejected, because it contains code in addition to weights "
        f"({code[1]}). Save only the state dict."
    )


def _to_arrays(value: Any, torch: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _to_arrays(item, torch) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_to_arrays(item, torch) for item in value]
    if not isinstance(value, torch.Tensor):
        return value
    if value.layout is not torch.strided or value.device.type != "cpu":
        raise TypeError(f"{value.layout}, {value.device}")
    # With a stride of 0, a small file can expand to any size.
    if value.nbytes > value.untyped_storage().nbytes():
        raise ValueError(f"a tensor of shape {tuple(value.shape)} with fewer numbers")
    value = value.detach()
    if value.is_floating_point():
        value = value.to(torch.float32)
    return value.numpy()


def _read_npz(path: Path) -> dict[str, Any]:
    try:
        with open_arrays(path) as arrays:
            return _single_precision(arrays)
    except InputError:
        raise
    except ValueError as error:
        if "Python objects" not in str(error):
            raise _damaged(path) from error
        raise InputError(
            f"{path} is rejected, because it contains Python objects. Save only arrays."
        ) from error
    except (OSError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise _damaged(path) from error


def _read_safetensors(path: Path) -> dict[str, Any]:
    try:
        from safetensors import SafetensorError
        from safetensors.numpy import load_file
    except ImportError as error:
        raise ImportError(
            "Safetensors files need a package: pip install 'stargan_tf[convert]'"
        ) from error
    try:
        return _single_precision(load_file(path))
    # AttributeError: safetensors requests 8-bit float types, which NumPy lacks.
    except (SafetensorError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise _damaged(path) from error


def nested(content: Mapping[str, Any], networks: Iterable[str]) -> dict[str, Any]:
    """Nests the entries of a flat file by network, as in a torch file.

    Args:
        content: content of a file; keys may be `network.key`.
        networks: names of networks.
    """
    networks, tree = set(networks), {}
    for name, value in content.items():
        network, dot, key = name.partition(".")
        if dot and network in networks:
            tree.setdefault(network, {})[key] = value
        else:
            tree[name] = value
    return tree


def _single_precision(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {
        name: array.astype(np.float32, copy=False) if array.dtype.kind == "f" else array
        for name, array in arrays.items()
    }


def write_torch(path: Path, content: Mapping[str, Any]) -> None:
    """Writes a torch file in the zip format.

    Args:
        path: path of the file.
        content: nested dictionaries of arrays and other values.

    Raises:
        OSError: if the file cannot be written.
        ImportError: if PyTorch is not installed.
    """
    torch = import_torch()
    try:
        torch.save(_to_tensors(content, torch), path)
    except RuntimeError as error:
        message = "PyTorch could not write the complete file; the disk may be full"
        raise OSError(message) from error


def _to_tensors(value: Any, torch: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _to_tensors(item, torch) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return torch.from_numpy(value)
    return value


def import_torch() -> Any:
    """Imports PyTorch; the ImportError names the extra to install."""
    try:
        import torch
    except ImportError as error:
        raise ImportError(_MISSING) from error
    return torch


def _damaged(path: Path) -> InputError:
    return InputError(
        f"{path} is damaged or incomplete. Copy or download it again, and compare its "
        "size with that of the original."
    )
