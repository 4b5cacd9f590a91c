"""Reads official checkpoint files as the weights of a model, without TensorFlow."""

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import numpy as np

from stargan_tf.convert.files import read_checkpoint
from stargan_tf.convert.mapping import (
    NetworkState,
    OfficialCode,
    Sizes,
    Table,
    entries,
    is_state_dict,
)
from stargan_tf.convert.names import dataset_infos
from stargan_tf.data.info import DatasetInfo
from stargan_tf.errors import InputError
from stargan_tf.faces.official import TABLE, find_landmarks
from stargan_tf.files import user_path
from stargan_tf.models.registry import installed_families

_STEP = re.compile(r"(\d+)[-_](?:[GD]|nets|optims)\b|(\d+)_nets_ema\b")


@dataclass(frozen=True)
class OfficialCheckpoint:
    """The content of the files of a checkpoint.

    Args:
        family: name of the model family. None if the files hold only a landmark
            network; the other fields are then empty.
        networks: name of our network → weights.
        moments: name of our network → state dict of its PyTorch optimizer.
        sizes: sizes inferred from the shapes of the weights.
        step: number of training steps from the file names; 0 if they contain none.
        infos: descriptions of the model's data sets.
        landmarks: the landmark network for the model's masks, if there is one.
    """

    family: str | None
    networks: dict[str, NetworkState]
    moments: dict[str, Mapping[str, Any]]
    sizes: Sizes
    step: int
    infos: list[DatasetInfo]
    landmarks: NetworkState | None = None


@functools.cache
def official_codes() -> dict[str, OfficialCode]:
    """Returns the official codes of all installed families, by name of the family."""
    return {
        name: resolve_name(family.official)
        for name, family in installed_families().items()
        if family.official
    }


def read(
    paths: Sequence[str | Path],
    preset: str | None = None,
    domains: str | None = None,
    label_type: str | None = None,
    image_size: int | None = None,
) -> OfficialCheckpoint:
    """Reads and checks checkpoint files.

    Args:
        paths: paths of the files.
        preset: label names of an official checkpoint, such as `"celeba"` or `"afhq"`.
        domains: label names `"A,B,…"`, or `"A,B,…/C,D,…"` for a joint model. If neither
            `preset` nor `domains` is given, labels are numbered.
        label_type: `"binary"` or `"one_hot"`. Defaults to that of the official code.
        image_size: side of the images in pixels, if it cannot be inferred from the
            files (a generator of StarGAN without its discriminator).

    Returns:
        The `OfficialCheckpoint`.

    Raises:
        InputError: if a file cannot be read or is not an official checkpoint, or if
            files, names, and options do not match.
        ImportError: if the format of a file needs a package that is not installed.
    """
    paths = [user_path(path) for path in paths]
    networks: dict[str, NetworkState] = {}
    moments: dict[str, Any] = {}
    owners: dict[str, Path] = {}
    landmarks: NetworkState | None = None
    for path in paths:
        content = read_checkpoint(path)
        network = find_landmarks(path, content)
        if network:
            if landmarks:
                raise _twice(network, landmarks, "one wing.ckpt")
            landmarks = network
            _check(landmarks, TABLE)
        recognized = _recognize(path, content)
        if not recognized:
            if not network:
                raise _unknown(path, content)
            continue
        family, new, new_moments = recognized
        owners[family] = path
        for name, state in new.items():
            if name in networks:
                names = official_codes()[family].file_names
                raise _twice(state, networks[name], names)
            networks[name] = state
        moments |= new_moments
    if len(owners) > 1:
        listed = ", ".join(f"{path} ({family})" for family, path in owners.items())
        raise InputError(
            f"All files must belong to the same model. Received: {listed}."
        )
    if not owners:
        if preset or domains or label_type or image_size:
            raise InputError(
                f"{landmarks} has neither labels nor an image size. Remove "
                "--preset, --domains, --label_type, and --image_size."
            )
        return OfficialCheckpoint(None, {}, {}, Sizes(0, {}, 0), 0, [], landmarks)
    if not networks:
        raise InputError(
            f"Expected networks. Received: {paths[0]} with optimizers only. Pass the "
            "file of the networks ({step}_nets.ckpt) too."
        )
    (family,) = owners
    official = official_codes()[family]
    sizes = official.sizes(networks)
    tables = official.tables(sizes)
    for name, state in networks.items():
        _check(state, tables[name])
    if image_size and not sizes.is_size_known:
        sizes.image_size = image_size
    elif image_size not in (None, sizes.image_size):
        raise InputError(
            f"The checkpoint is for images of {sizes.image_size} px. Received: "
            f"--image_size {image_size}. Remove --image_size, or pass a checkpoint for "
            f"{image_size} px."
        )
    if landmarks and not sizes.options.get("high_pass"):
        if landmarks.path not in owners.values():
            raise InputError(
                f"The masks of {landmarks} need a model with high-pass skips. "
                f"Received: {owners[family]} without them. Remove one of the files."
            )
        landmarks = None
    infos = dataset_infos(sizes, preset, domains, label_type or official.label_type)
    step = _step(paths)
    return OfficialCheckpoint(family, networks, moments, sizes, step, infos, landmarks)


def _twice(state: NetworkState, other: NetworkState, file_names: str) -> InputError:
    return InputError(
        f"Each network must be given once, as {file_names}. Received: "
        f"{state.path} and {other.path}, both with a {state.title}."
    )


def _recognize(
    path: Path, content: Mapping[str, Any]
) -> tuple[str, dict[str, NetworkState], dict[str, Any]] | None:
    """Returns (family, networks, states of optimizers) of a file, or None."""
    for family, official in official_codes().items():
        networks = official.find_networks(path, content)
        moments = official.find_moments(content)
        if networks or moments:
            return family, networks, moments
    return None


def _unknown(path: Path, content: Mapping[str, Any]) -> InputError:
    if is_state_dict(content):
        received = f"{len(content)} arrays, {_some(map(str, content))}"
    else:
        received = f"entries such as {_some(map(str, content))}" if content else "none"
    known = " or ".join(code.repository for code in official_codes().values())
    return InputError(f"{path} is not a checkpoint of {known}. Received: {received}.")


def _step(paths: Iterable[Path]) -> int:
    matches = [_STEP.search(path.name) for path in paths]
    return max((int(match[1] or match[2]) for match in matches if match), default=0)


def _check(state: NetworkState, table: Table) -> None:
    """Raises InputError for missing, unknown, and nonfinite weights."""
    required = [entry for entry in entries(table) if not entry.optional]
    missing = [entry.key for entry in required if entry.key not in state.weights]
    unknown = state.weights.keys() - {line.key for line in table}
    for keys, problem in ((missing, "missing"), (sorted(unknown), "unknown")):
        if keys:
            raise InputError(
                f"{state} does not match the official code. Received: {problem} "
                f"weights {_some(keys)}. Check whether the code was modified."
            )
    for entry in entries(table):  # Other entries are not used.
        if not np.all(np.isfinite(state.weights.get(entry.key, 0))):
            raise InputError(
                f"Weights must be finite. Received: {state} with NaN or infinity in "
                f"{entry.key}, so the training has diverged. Use an earlier checkpoint."
            )


def _some(keys: Iterable[str]) -> str:
    first, *rest = keys
    return f"{first} and {len(rest)} more" if rest else first
