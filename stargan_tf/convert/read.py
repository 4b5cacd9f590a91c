"""Checkpoint files and what the user says of them, without TensorFlow."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from stargan_tf.convert.files import read_checkpoint
from stargan_tf.convert.label_presets import PRESETS, Names
from stargan_tf.convert.mapping import (
    Found,
    Part,
    Sizes,
    apply_given,
    check_finite,
    check_keys,
    is_state,
    some,
)
from stargan_tf.data.info import DatasetInfo
from stargan_tf.errors import InputError, near_names
from stargan_tf.models.stargan import official as official_v1
from stargan_tf.models.stargan_v2 import official as official_v2

# Names of the labels, which the official checkpoints do not hold.

SEPARATOR = "/"


def named(preset: str | None, domains: str | None, label_type: str) -> list[Names]:
    """The names that the user gave; an empty list without any.

    Args:
        preset: a key of `PRESETS`.
        domains: `A,B,…`, for a joint model `A,B,…/C,D,…`.
        label_type: of `domains`; `a/b` for a joint model.

    Raises:
        InputError: if both are given, or there is no such preset or label type.
    """
    if preset and domains:
        raise InputError("Pass either --preset or --domains. Received both.")
    if preset:
        if preset not in PRESETS:
            known = near_names(preset, PRESETS)
            raise InputError(f"There is no preset of names '{preset}'. {known}")
        return list(PRESETS[preset])
    groups = domains.split(SEPARATOR) if domains else []
    kinds = label_type.split(SEPARATOR)
    kinds = kinds * len(groups) if len(kinds) == 1 else kinds
    if len(kinds) != len(groups) and groups:
        raise InputError(
            f"--label_type takes one type, or one for each of the {len(groups)} data "
            f"sets in --domains. Received: {label_type}"
        )
    return [
        Names(_name(i, groups), tuple(n.strip() for n in group.split(",")), kind)
        for i, (group, kind) in enumerate(zip(groups, kinds, strict=False))
    ]


def _name(index: int, groups: Sequence[str]) -> str:
    return "imported" if len(groups) == 1 else f"imported_{index + 1}"


def dataset_infos(
    names: list[Names], sizes: Sizes, label_type: str
) -> list[DatasetInfo]:
    """Descriptions of a checkpoint's data sets.

    Args:
        names: what the user gave; if nothing, the labels are numbered.
        sizes: of the checkpoint.
        label_type: of numbered labels.

    Raises:
        InputError: if the numbers of names and labels differ, or a joint model's
            labels are not named.
    """
    if not names:
        names = _numbered(sizes, label_type)
    _check_count(names, sizes)
    return [
        DatasetInfo(n.dataset, n.domains, n.label_type, size, n.exclusive_groups)
        for n in names
        for size in [sizes.image_size]
    ]


def _numbered(sizes: Sizes, label_type: str) -> list[Names]:
    if sizes.mask_width:
        raise InputError(
            f"The checkpoint is of a model of {sizes.mask_width} data sets with "
            f"{sizes.label_width - sizes.mask_width} labels together; where one ends "
            "is not in it. Pass --preset celeba_rafd, or --domains A,B,…/C,D,…"
        )
    domains = tuple(f"domain_{i + 1}" for i in range(sizes.label_width))
    return [Names("imported", domains, label_type)]


def _check_count(names: list[Names], sizes: Sizes) -> None:
    counts = [len(n.domains) for n in names]
    given = sum(counts) + (len(names) if len(names) > 1 else 0)
    masks = sizes.mask_width
    if masks is not None and max(masks, 1) != len(names):
        raise InputError(
            f"The checkpoint is of a model of {max(masks, 1)} data sets. Received "
            f"names for {len(names)}."
        )
    if given != sizes.label_width:
        wanted = sizes.label_width - (masks or 0)
        listed = "; ".join(", ".join(n.domains) for n in names)
        raise InputError(
            f"The checkpoint has {wanted} labels. Received {sum(counts)} names: "
            f"{listed}."
        )


# Several checkpoint files → the networks of one model.

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


def read(
    paths: Sequence[str | Path],
    preset: str | None = None,
    domains: str | None = None,
    label_type: str | None = None,
    given: Mapping[str, Any] | None = None,
) -> tuple[Found, list[DatasetInfo]]:
    """Reads and checks checkpoint files; imports no TensorFlow.

    Args:
        paths: of one model: `{step}-G.ckpt` and `{step}-D.ckpt`, or any of
            `{step}_nets.ckpt`, `{step}_nets_ema.ckpt` and `{step}_optims.ckpt`.
        preset: whose label names to take: a key of `label_presets.PRESETS`.
        domains: the label names themselves, `A,B,…`; `A,B/C,D` for a joint model.
        label_type: of `domains`: `"binary"` or `"one_hot"`; by default what the
            family has.
        given: option name → value that the checkpoint must have.

    Returns:
        (the networks, the model's data sets).

    Raises:
        InputError: if files, names and options do not fit each other.
        ImportError: if a file's format needs a package that is not installed.
    """
    found = collect(paths)
    apply_given(found, given or {})
    label_type = label_type or OFFICIAL[found.family].LABEL_TYPE
    chosen = named(preset, domains, label_type)
    return found, dataset_infos(chosen, found.sizes, label_type)
