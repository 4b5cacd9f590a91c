"""A checkpoint file, whatever its format, as nested dictionaries of arrays."""

import re
import zipfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from stargan_tf.archives import check_archive, open_arrays
from stargan_tf.errors import InputError

_MISSING = (
    "Torch files need PyTorch: pip install 'stargan_tf[convert]'. On Linux the build "
    "without CUDA is much smaller; it comes from https://download.pytorch.org/whl/cpu"
)
# What PyTorch's weights_only loader says of a pickle that names code.
_CODE = re.compile(r"(?:GLOBAL|class|function)\s+([\w.]*\w)")
_ZIP = b"PK\x03\x04"
_PICKLE = b"\x80"
# The number that PyTorch's legacy format begins with, as its pickle has it.
_LEGACY = b"\x80\x02\x8a\nl\xfc\x9cF\xf9"


def read_checkpoint(path: str | Path) -> dict[str, Any]:
    """Reads a file of PyTorch (zip or legacy), NumPy (`.npz`) or safetensors.

    Raises:
        InputError: if there is no such file, it is of no such format, damaged, or
            wants to run code.
        ImportError: if its format needs a package that is not installed.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"There is no checkpoint file {path}.")
    return _reader(path)(path)


def _reader(path: Path) -> Callable[[Path], dict[str, Any]]:
    """By what the file begins with: names are often changed in downloads."""
    with path.open("rb") as file:
        start = file.read(len(_LEGACY))
    if start.startswith(_ZIP):
        return _reader_of_zip(path)
    if start == _LEGACY:
        return _read_torch
    if start.startswith(_PICKLE):
        raise InputError(
            f"{path} is refused: a plain pickle runs code when it is opened. Save the "
            "state dict by torch.save, or as .npz or .safetensors."
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
        f"{path} is no checkpoint: expected a torch file (.ckpt, .pt, .pth), .npz or "
        f".safetensors. Received {received}."
    )


def _read_torch(path: Path) -> dict[str, Any]:
    """A file in the zip or the legacy format; no code in it runs."""
    torch = import_torch()
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


def _refused(path: Path, error: Exception) -> InputError:
    code = _CODE.search(str(error))
    if "eights only" not in str(error) or not code:
        return _damaged(path)
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
            f"{path} is refused: it holds Python objects, not only arrays."
        ) from error
    except (OSError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise _damaged(path) from error


def _read_safetensors(path: Path) -> dict[str, Any]:
    try:
        from safetensors import SafetensorError
        from safetensors.numpy import load_file
    except ImportError as error:
        raise ImportError(
            "Files of safetensors need it: pip install 'stargan_tf[convert]'"
        ) from error
    try:
        return _single_precision(load_file(path))
    # NumPy lacks types of 8 bits, which safetensors then asks it for.
    except (SafetensorError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise _damaged(path) from error


def nested(content: Mapping[str, Any], networks: Iterable[str]) -> dict[str, Any]:
    """The content of a flat file as the torch file would have it."""
    networks, found = set(networks), {}
    for name, value in content.items():
        network, dot, key = name.partition(".")
        if dot and network in networks:
            found.setdefault(network, {})[key] = value
        else:
            found[name] = value
    return found


def _single_precision(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {
        name: array.astype(np.float32, copy=False) if array.dtype.kind == "f" else array
        for name, array in arrays.items()
    }


def write_torch(path: Path, content: Mapping[str, Any]) -> None:
    """Writes a torch file in the zip format.

    Raises:
        OSError: if it cannot be written.
        ImportError: without PyTorch.
    """
    torch = import_torch()
    try:
        torch.save(_to_tensors(content, torch), path)
    except RuntimeError as error:
        message = "PyTorch could not write all of it; the disk may be full"
        raise OSError(message) from error


def _to_tensors(value: Any, torch: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _to_tensors(part, torch) for key, part in value.items()}
    if isinstance(value, np.ndarray):
        return torch.from_numpy(value)
    return value


def import_torch() -> Any:
    """PyTorch; raises ImportError, naming the extra, without it."""
    try:
        import torch
    except ImportError as error:
        raise ImportError(_MISSING) from error
    return torch


def _damaged(path: Path) -> InputError:
    return InputError(
        f"{path} is damaged or cut short. Copy or download it again and compare its "
        "size with the original's."
    )
