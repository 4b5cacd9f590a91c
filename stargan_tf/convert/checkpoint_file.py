"""A checkpoint file, whatever its format, as nested dictionaries of arrays."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stargan_tf.convert import array_files, torch_file
from stargan_tf.errors import InputError

_ZIP = b"PK\x03\x04"
_PICKLE = b"\x80"
# The number that PyTorch's legacy format begins with, as its pickle has it.
_LEGACY = b"\x80\x02\x8a\nl\xfc\x9cF\xf9"
_KNOWN = "a torch file (.ckpt, .pt, .pth), .npz or .safetensors"


def read_checkpoint(path: str | Path) -> dict[str, Any]:
    """Reads a file of PyTorch (zip or legacy), NumPy (`.npz`) or safetensors.

    Args:
        path: the file.

    Returns:
        Its dictionaries, with arrays for tensors. A flat file whose keys begin with
        `generator.` and the like is nested as the torch file would be.

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
        return torch_file.read
    if start.startswith(_PICKLE):
        raise InputError(
            f"{path} is refused: a plain pickle runs code when it is opened. Save the "
            "state dict by torch.save, or as .npz or .safetensors."
        )
    if path.suffix == array_files.SAFETENSORS or start[8:] == b"{":
        return array_files.read_safetensors
    raise _foreign(path, f"a file that begins with {start!r}")


def _reader_of_zip(path: Path) -> Callable[[Path], dict[str, Any]]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile as error:
        raise torch_file.damaged(path) from error
    if any(name.endswith("/data.pkl") for name in names):
        return torch_file.read
    if all(name.endswith(".npy") for name in names):
        return array_files.read_npz
    raise _foreign(path, f"a zip archive with {names[0]}")


def _foreign(path: Path, received: str) -> InputError:
    return InputError(
        f"{path} is no checkpoint: expected {_KNOWN}. Received {received}."
    )
