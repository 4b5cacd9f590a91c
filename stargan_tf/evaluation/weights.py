"""Published weights of the metrics' networks: search, download, and conversion.

Weights are searched in this order:

    a path argument        a file, or its folder
    STARGAN_TF_WEIGHTS     the same, as an environment variable
    <cache>/weights/       converted weights, or a file that the user put there
    a download             from the projects that publish the weights

A file is either in its published format, which needs PyTorch, or converted: an `.npz`
file with `<layer>/kernel` and `<layer>/bias`. Downloads are converted once and stored
in the cache.
"""

import os
import zipfile
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np

from stargan_tf.archives import open_arrays, read_arrays, write_arrays
from stargan_tf.convert.files import import_torch, read_checkpoint
from stargan_tf.data.cache import cache_folder
from stargan_tf.download import download
from stargan_tf.errors import InputError
from stargan_tf.evaluation.options import check_known
from stargan_tf.files import sha256, temporary_folder, user_path

VARIABLE = "STARGAN_TF_WEIGHTS"
# In the name of converted files in the cache: increment when the layout changes.
VERSION = 1
BATCH_NORM_EPSILON = 1e-3  # in both variants of Inception

_PYTORCH = "https://download.pytorch.org/models"
_FID = "https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights"
_LPIPS = (
    "https://raw.githubusercontent.com/richzhang/PerceptualSimilarity/master/lpips/"
    "weights/v0.1"
)

Arrays = dict[str, np.ndarray]


class Source(NamedTuple):
    """The published weights of a network.

    Args:
        purpose: description for messages.
        files: URL → SHA-256, or its first eight digits if no more are published. All
            files are needed; the first one is the network.
    """

    purpose: str
    files: dict[str, str]


SOURCES = {
    "inception_2015": Source(
        "FID and KID under the protocol 'standard'",
        {
            f"{_FID}/pt_inception-2015-12-05-6726825d.pth": (
                "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"
            )
        },
    ),
    "inception_imagenet": Source(
        "FID and KID under the protocol 'stargan_v2'",
        {f"{_PYTORCH}/inception_v3_google-0cc3c7bd.pth": "0cc3c7bd"},
    ),
    "lpips_alex": Source(
        "LPIPS with AlexNet",
        {
            f"{_PYTORCH}/alexnet-owt-7be5be79.pth": (
                "7be5be791159472b1fbf3c69796f7cb30dca7ad8466c2df70058c37116cdee02"
            ),
            f"{_LPIPS}/alex.pth": (
                "df73285e35b22355a2df87cdb6b70b343713b667eddbda73e1977e0c860835c0"
            ),
        },
    ),
    "lpips_vgg": Source(
        "LPIPS with VGG-16",
        {
            f"{_PYTORCH}/vgg16-397923af.pth": (
                "397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0"
            ),
            f"{_LPIPS}/vgg.pth": (
                "a78928a0af1e5f0fcb1f3b9e8f8c3a2a5a3de244d830ad5c1feddc79b8432868"
            ),
        },
    ),
}


def load_weights(name: str, path: str | os.PathLike | None = None) -> Arrays:
    """Loads the weights of a network.

    Args:
        name: a key of `SOURCES`.
        path: a converted `.npz` file, a published file, or a folder with either. If
            None, the weights are searched in `STARGAN_TF_WEIGHTS` and in the cache, and
            then downloaded.

    Returns:
        `<layer>/kernel` and `<layer>/bias` → array.

    Raises:
        InputError: if the weights cannot be found or downloaded, or a file is damaged
            or belongs to another network.
        ImportError: if a published file needs PyTorch, which is not installed.
    """
    check_known(name, SOURCES, "set of weights")
    place = path or os.environ.get(VARIABLE)
    if place:
        arrays = _from_user(name, user_path(place), is_variable=path is None)
        if arrays is not None:
            return arrays
    folder = weights_folder()
    stored = folder / f"{name}-v{VERSION}.npz"
    arrays = read_arrays(stored, "converted weights")
    if arrays is None:
        by_hand = [file for file in _files(name, folder) if file != stored]
        arrays = _read(name, by_hand[0]) if by_hand else _downloaded(name)
        write_arrays(stored, arrays, "converted weights")
    return arrays


def set_weights(network: keras.Model, arrays: Arrays) -> None:
    """Assigns arrays to the layers of a network.

    Raises:
        InputError: if an array is missing or has the wrong shape.
    """
    for layer in network.layers:
        if layer.weights:
            names = (f"{layer.name}/kernel", f"{layer.name}/bias")
            try:
                layer.set_weights([arrays[name] for name in names])
            except (KeyError, ValueError) as error:
                raise InputError(
                    f"The weights do not match {network.name}, layer {layer.name}: "
                    f"{error}"
                ) from error


def weights_folder() -> Path:
    """Returns the folder of converted weights, `weights` in the cache folder."""
    return cache_folder() / "weights"


def convert_inception(tensors: Arrays) -> Arrays:
    """Folds batch normalization into the convolutions of Inception.

    `γ (k∗x − μ) / √(σ² + ε) + β` becomes a convolution with bias, in float64.
    """
    arrays: Arrays = {}
    for key, kernel in tensors.items():
        layer = key.removesuffix(".conv.weight")
        if layer == key or layer.startswith("AuxLogits"):
            continue
        variance = tensors[f"{layer}.bn.running_var"].astype(np.float64)
        factor = tensors[f"{layer}.bn.weight"] / np.sqrt(variance + BATCH_NORM_EPSILON)
        kernel = kernel * factor.reshape(-1, 1, 1, 1)  # (out, in, h, w)
        bias = (
            tensors[f"{layer}.bn.bias"] - tensors[f"{layer}.bn.running_mean"] * factor
        )
        arrays[f"{layer}/kernel"] = kernel.transpose(2, 3, 1, 0).astype(np.float32)
        arrays[f"{layer}/bias"] = bias.astype(np.float32)
    return arrays


def convert_lpips(tensors: Arrays) -> Arrays:
    """Converts AlexNet or VGG-16, and the five heads of LPIPS."""
    layers = [
        key.removesuffix(".weight")
        for key in tensors
        if key.startswith("features.") and key.endswith(".weight")
    ]
    arrays: Arrays = {}
    for i, layer in enumerate(layers):
        kernel = tensors[f"{layer}.weight"]  # (out, in, h, w)
        arrays[f"conv_{i}/kernel"] = kernel.transpose(2, 3, 1, 0).copy()
        arrays[f"conv_{i}/bias"] = tensors[f"{layer}.bias"].copy()
    for i in range(5):
        arrays[f"head_{i}/kernel"] = tensors[f"lin{i}.model.1.weight"].flatten()
    return arrays


def _from_user(name: str, place: Path, is_variable: bool) -> Arrays | None:
    """Reads the user's file or folder; None if it is for other networks."""
    origin = VARIABLE if is_variable else "The path of weights"
    if not place.exists():
        raise InputError(f"{origin} must exist. Received: {place}")
    if place.is_dir():
        files = _files(name, place)
        return _read(name, files[0]) if files else None
    if place in _files(name, place.parent):
        return _read(name, place)
    if not is_variable and place.suffix == ".npz":
        return _read(name, place)
    if is_variable and any(place in _files(other, place.parent) for other in SOURCES):
        return None
    raise InputError(
        f"{origin} must be a file for {SOURCES[name].purpose}: {_choices(name)}. "
        f"Received: {place}"
    )


def _files(name: str, folder: Path) -> list[Path]:
    """Returns the files in a folder that have the weights of a network."""
    network = _file_name(next(iter(SOURCES[name].files)))
    names = (f"{name}.npz", f"{name}-v{VERSION}.npz", network)
    return [folder / name for name in names if (folder / name).is_file()]


def _file_name(url: str) -> str:
    return url.rpartition("/")[2]


def _read(name: str, file: Path) -> Arrays:
    if file.suffix != ".npz":
        return _converted(name, file.parent)
    try:
        with open_arrays(file) as arrays:
            return dict(arrays)
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(
            f"{file} must contain converted weights. Received: {error}."
        ) from error


def _downloaded(name: str) -> Arrays:
    purpose, files = SOURCES[name]
    import_torch()  # Fail before hundreds of megabytes are downloaded.
    advice = (
        f"Copy {_choices(name)} to {weights_folder()}, or set {VARIABLE} to its folder."
    )
    with temporary_folder() as folder:
        for url in files:
            download(url, folder, f"the weights for {purpose}", advice)
        return _converted(name, folder)


def _choices(name: str) -> str:
    published = " and ".join(map(_file_name, SOURCES[name].files))
    return f"{name}.npz or {published}"


def _converted(name: str, folder: Path) -> Arrays:
    """Checks and converts published files."""
    tensors: Arrays = {}
    for url, expected in SOURCES[name].files.items():
        file = folder / _file_name(url)
        if not file.is_file():
            raise InputError(
                f"{SOURCES[name].purpose} also needs {file}, which does not exist."
            )
        digest = sha256(file)
        if not digest.startswith(expected):
            raise InputError(
                f"The SHA-256 of {file} must begin with {expected[:16]}. Received: "
                f"{digest[:16]}. Download the file again."
            )
        tensors.update(read_checkpoint(file))
    convert = convert_lpips if name.startswith("lpips") else convert_inception
    return convert(tensors)
