"""Official checkpoint files → the networks of one model, without TensorFlow."""

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
from stargan_tf.models.registry import installed_families

_STEP = re.compile(r"(\d+)[-_](?:[GD]|nets|optims)\b|(\d+)_nets_ema\b")


@dataclass(frozen=True)
class OfficialCheckpoint:
    """What is in the files of a checkpoint.

    Args:
        family: name of the model family; None for a landmark network alone, where the
            rest is empty.
        networks: our network's name → its weights.
        moments: our network's name → state dict of its PyTorch optimizer.
        sizes: what the shapes tell.
        step: training steps, by the files' names; 0 if they say nothing.
        infos: the model's data sets.
        landmarks: the landmark network that makes the model's masks, if it is there.
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
    """Name → official code of each installed family that has one."""
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
        image_size: side of the images in pixels, for files that do not tell it (a
            generator of StarGAN without its discriminator).

    Raises:
        InputError: if a file cannot be read or is no official checkpoint, or files,
            names and options do not belong together.
        ImportError: if a file's format needs a package that is not installed.
    """
    paths = [Path(path) for path in paths]
    networks: dict[str, NetworkState] = {}
    moments: dict[str, Any] = {}
    owners: dict[str, Path] = {}
    landmarks: NetworkState | None = None
    for path in paths:
        content = read_checkpoint(path)
        if found := find_landmarks(path, content):
            if landmarks:
                raise _twice(found, landmarks, "one wing.ckpt")
            landmarks = found
            _check(landmarks, TABLE)
        recognized = _recognize(path, content)
        if not recognized:
            if not found:
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
        raise InputError(f"The files are of different models: {listed}.")
    if not owners:
        if preset or domains or label_type or image_size:
            raise InputError(
                f"{landmarks} has neither labels nor an image size. Leave out "
                "--preset, --domains, --label_type and --image_size."
            )
        return OfficialCheckpoint(None, {}, {}, Sizes(0, {}, 0), 0, [], landmarks)
    if not networks:
        raise InputError(
            f"{paths[0]} holds optimizers only. Give the file of the networks "
            "({step}_nets.ckpt) too."
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
            f"The checkpoint is for {sizes.image_size} px, --image_size says "
            f"{image_size}. Leave it out, or give a checkpoint for {image_size} px."
        )
    if landmarks and not sizes.options.get("high_pass"):
        if landmarks.path not in owners.values():
            raise InputError(
                f"{landmarks} makes masks, and {owners[family]} has no high-pass skips "
                "that take them. Leave one of the two out."
            )
        landmarks = None
    infos = dataset_infos(sizes, preset, domains, label_type or official.label_type)
    step = _step(paths)
    return OfficialCheckpoint(family, networks, moments, sizes, step, infos, landmarks)


def _twice(state: NetworkState, other: NetworkState, file_names: str) -> InputError:
    return InputError(
        f"{state.path} and {other.path} both hold a {state.title}. Give each network "
        f"once: {file_names}."
    )


def _recognize(
    path: Path, content: Mapping[str, Any]
) -> tuple[str, dict[str, NetworkState], dict[str, Any]] | None:
    """(family, its networks, its optimizers' states) in a file; None for no family."""
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
    return InputError(f"{path} is no checkpoint of {known}. Received {received}.")


def _step(paths: Iterable[Path]) -> int:
    found = [_STEP.search(path.name) for path in paths]
    steps = [int(match[1] or match[2]) for match in found if match]
    return max(steps, default=0)


def _check(state: NetworkState, table: Table) -> None:
    """Refuses weights other than the table's, and such as are not finite."""
    required = [entry for entry in entries(table) if not entry.optional]
    missing = [entry.key for entry in required if entry.key not in state.weights]
    unknown = state.weights.keys() - {line.key for line in table}
    for keys, verb in ((missing, "lacks"), (sorted(unknown), "besides has")):
        if keys:
            raise InputError(
                f"{state} is not as the official code builds it: it {verb} "
                f"{_some(keys)}. Was its code changed?"
            )
    for entry in entries(table):  # What the table does not use may be anything.
        if not np.all(np.isfinite(state.weights.get(entry.key, 0))):
            raise InputError(
                f"{state} holds weights that are not finite, such as {entry.key}: its "
                "training had diverged. Use an earlier checkpoint."
            )


def _some(keys: Iterable[str]) -> str:
    first, *rest = keys
    return f"{first} and {len(rest)} more" if rest else first
