"""Checkpoints as NumPy's `.npz` or as safetensors: flat names, no code."""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from stargan_tf.archives import open_arrays
from stargan_tf.convert.torch_file import damaged
from stargan_tf.errors import InputError

SAFETENSORS = ".safetensors"
NESTED = ("generator", "mapping_network", "style_encoder", "discriminator", "fan")


def read_npz(path: Path) -> dict[str, Any]:
    """The arrays of an `.npz`, nested by network.

    Args:
        path: the file.

    Raises:
        InputError: if it is damaged or holds Python objects.
    """
    try:
        with open_arrays(path) as arrays:
            return _nested({name: arrays[name] for name in arrays.files})
    except InputError:
        raise
    except ValueError as error:
        if "Python objects" not in str(error):
            raise damaged(path) from error
        raise InputError(
            f"{path} is refused: it holds Python objects, not only arrays."
        ) from error
    except (OSError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise damaged(path) from error


def read_safetensors(path: Path) -> dict[str, Any]:
    """The arrays of a safetensors file, nested by network.

    Args:
        path: the file.

    Raises:
        InputError: if it is damaged.
        ImportError: without safetensors.
    """
    try:
        from safetensors import SafetensorError
        from safetensors.numpy import load_file
    except ImportError as error:
        raise ImportError(
            "Files of safetensors need it: pip install 'stargan_tf[convert]'"
        ) from error
    try:
        return _nested(load_file(path))
    # NumPy lacks types of 8 bits, which safetensors then asks it for.
    except (SafetensorError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise damaged(path) from error


def _nested(arrays: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """`generator.from_rgb.weight` → {"generator": {"from_rgb.weight": …}}."""
    content: dict[str, Any] = {}
    for name, array in arrays.items():
        network, _, key = name.partition(".")
        if array.dtype.kind == "f":
            array = array.astype(np.float32, copy=False)
        if network in NESTED:
            content.setdefault(network, {})[key] = array
        else:
            content[name] = array
    return content
