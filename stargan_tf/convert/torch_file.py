"""Files of `torch.save`, read without running what is in them."""

import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from stargan_tf.archives import check_archive
from stargan_tf.errors import InputError

_MISSING = (
    "Torch files need PyTorch: pip install 'stargan_tf[convert]'. On Linux the build "
    "without CUDA is much smaller; it comes from https://download.pytorch.org/whl/cpu"
)
# What PyTorch's weights_only loader says of a pickle that names code.
_CODE = re.compile(r"(?:GLOBAL|class|function)\s+([\w.]*\w)")


def damaged(path: Path) -> InputError:
    """The error for a file that cannot be read to its end."""
    return InputError(
        f"{path} is damaged or cut short. Copy or download it again and compare its "
        "size with the original's."
    )


def read(path: Path) -> dict[str, Any]:
    """The dictionaries of a torch file, with arrays for tensors.

    Args:
        path: the file, in the zip or the legacy format.

    Raises:
        InputError: if it is damaged, holds no dictionary, or wants to run code.
        ImportError: without PyTorch.
    """
    torch = _torch()
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            check_archive(archive, path)
    try:
        content = torch.load(
            path,
            map_location="cpu",
            weights_only=True,
            # Zipped weights stay in the file until each is used.
            mmap=zipfile.is_zipfile(path),
        )
    # PyTorch names no set of errors for broken files; the type differs with the byte
    # that is missing.
    except Exception as error:
        raise _refused(path, error) from error
    if not isinstance(content, Mapping):
        raise InputError(
            f"{path} holds no state dict. Received: a {type(content).__name__}."
        )
    try:
        return _to_arrays(content, torch)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputError(
            f"{path} holds a tensor that is no plain array in memory ({error}). Save "
            "dense tensors, on the CPU."
        ) from error


def write(path: Path, content: Mapping[str, Any]) -> None:
    """Writes a torch file in the zip format.

    Args:
        path: where to.
        content: dictionaries with arrays.

    Raises:
        OSError: if it cannot be written.
        ImportError: without PyTorch.
    """
    torch = _torch()
    try:
        torch.save(_to_tensors(content, torch), path)
    except RuntimeError as error:
        message = "PyTorch could not write all of it; the disk may be full"
        raise OSError(message) from error


def check_installed() -> None:
    """Raises ImportError, naming the extra, without PyTorch."""
    _torch()


def _torch() -> Any:
    try:
        import torch
    except ImportError as error:
        raise ImportError(_MISSING) from error
    return torch


def _refused(path: Path, error: Exception) -> InputError:
    code = _CODE.search(str(error))
    if "eights only" not in str(error) or not code:
        return damaged(path)
    return InputError(
        f"{path} is refused: besides weights it holds what runs code when it is loaded "
        f"({code[1]}). Save the state dict alone."
    )


def _to_arrays(value: Any, torch: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _to_arrays(part, torch) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_to_arrays(part, torch) for part in value]
    if not isinstance(value, torch.Tensor):
        return value
    if value.layout is not torch.strided or value.device.type != "cpu":
        raise TypeError(f"{value.layout}, {value.device}")
    # A stride of 0 repeats numbers without end.
    if value.nbytes > value.untyped_storage().nbytes():
        raise ValueError(f"the shape {tuple(value.shape)} for fewer numbers")
    value = value.detach()
    if value.is_floating_point():
        value = value.to(torch.float32)
    return value.numpy()


def _to_tensors(value: Any, torch: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _to_tensors(part, torch) for key, part in value.items()}
    if isinstance(value, np.ndarray):
        return torch.from_numpy(value)
    return value
