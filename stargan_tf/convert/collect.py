"""Several checkpoint files → the networks of one model."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from stargan_tf.convert import official_v1, official_v2
from stargan_tf.convert.checkpoint_file import read_checkpoint
from stargan_tf.convert.found import (
    Found,
    Part,
    Sizes,
    check_finite,
    check_keys,
    is_state,
    some,
)
from stargan_tf.errors import InputError

OFFICIAL = {kind.FAMILY: kind for kind in (official_v1, official_v2)}
_STEP = re.compile(r"(\d+)[-_](?:[GD]|nets|optims)\b|(\d+)_nets_ema\b")


def collect(paths: Iterable[str | Path]) -> Found:
    """Reads the files, and tells from their shapes what model they are of.

    Args:
        paths: one or more checkpoint files.

    Returns:
        The networks; all of their weights are there and finite.

    Raises:
        InputError: if a file cannot be read or is no official checkpoint, or the
            files do not belong together.
        ImportError: if a file's format needs a package that is not installed.
    """
    paths = [Path(path) for path in paths]
    parts: dict[str, Part] = {}
    moments: dict[str, Any] = {}
    owners: dict[str, Path] = {}
    for path in paths:
        kind, found, found_moments = _recognised(path, read_checkpoint(path))
        owners[kind.FAMILY] = path
        for name, part in found:
            _check_new(part, parts.get(name))
            parts[name] = part
        moments |= found_moments
    family = _only(owners)
    if not parts:
        raise InputError(
            f"{paths[0]} holds optimizers only. Give the file of the networks "
            "({step}_nets.ckpt) too."
        )
    sizes = OFFICIAL[family].sizes(parts)
    _check(parts, sizes, OFFICIAL[family])
    return Found(family, parts, moments, sizes, _step(paths))


def _recognised(
    path: Path, content: Mapping[str, Any]
) -> tuple[ModuleType, list[tuple[str, Part]], Mapping[str, Any]]:
    for kind in OFFICIAL.values():
        found, moments = kind.parts(path, content), kind.moments(content)
        if found or moments:
            return kind, found or [], moments or {}
    if is_state(content):
        received = f"{len(content)} arrays, {some(map(str, content))}"
    else:
        received = f"entries such as {some(map(str, content))}" if content else "none"
    raise InputError(
        f"{path} is no checkpoint of yunjey/stargan or clovaai/stargan-v2. "
        f"Received {received}."
    )


def _check_new(part: Part, other: Part | None) -> None:
    if other:
        raise InputError(
            f"{part.path} and {other.path} both hold a {part.title}. Give each network "
            "once: for StarGAN v1 one {step}-G.ckpt and one {step}-D.ckpt."
        )


def _only(owners: Mapping[str, Path]) -> str:
    if len(owners) > 1:
        listed = ", ".join(f"{path} ({family})" for family, path in owners.items())
        raise InputError(f"The files are of different models: {listed}.")
    return next(iter(owners))


def _check(parts: Mapping[str, Part], sizes: Sizes, kind: ModuleType) -> None:
    tables = kind.tables(sizes)
    for name, part in parts.items():
        check_keys(part, tables[name])
        check_finite(part, tables[name])


def _step(paths: Iterable[Path]) -> int:
    found = [_STEP.search(path.name) for path in paths]
    steps = [int(match[1] or match[2]) for match in found if match]
    return max(steps, default=0)
