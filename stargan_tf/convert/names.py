"""Names of the labels, which the official checkpoints do not hold."""

from collections.abc import Sequence

from stargan_tf.convert.found import Sizes
from stargan_tf.convert.label_presets import PRESETS, Names
from stargan_tf.data.info import DatasetInfo
from stargan_tf.errors import InputError, near_names

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
