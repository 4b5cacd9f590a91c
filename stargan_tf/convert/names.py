"""Names of a checkpoint's labels, which the official checkpoints do not hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stargan_tf.data.info import BINARY, ONE_HOT, DatasetInfo
from stargan_tf.errors import InputError, near_names

if TYPE_CHECKING:
    from stargan_tf.convert.mapping import Sizes

SEPARATOR = "/"


@dataclass(frozen=True)
class LabelNames:
    """Names of one data set's labels.

    Args:
        dataset: its name.
        domains: the labels, in the official order.
        label_type: `"binary"` or `"one_hot"`.
        exclusive_groups: see `DatasetInfo`.
    """

    dataset: str
    domains: tuple[str, ...]
    label_type: str
    exclusive_groups: tuple[tuple[str, ...], ...] = ()


_HAIR = ("Black_Hair", "Blond_Hair", "Brown_Hair")
_CELEBA = LabelNames("celeba", (*_HAIR, "Male", "Young"), BINARY, (_HAIR,))
# The official code numbers folders in the order of their names.
_EXPRESSIONS = "angry contemptuous disgusted fearful happy neutral sad surprised"
_RAFD = LabelNames("rafd", tuple(_EXPRESSIONS.split()), ONE_HOT)
# Those of the official checkpoints.
PRESETS = {
    "celeba": (_CELEBA,),
    "rafd": (_RAFD,),
    "celeba_rafd": (_CELEBA, _RAFD),
    "celeba_hq": (LabelNames("celeba_hq", ("female", "male"), ONE_HOT),),
    "afhq": (LabelNames("afhq", ("cat", "dog", "wild"), ONE_HOT),),
}


def dataset_infos(
    sizes: "Sizes", preset: str | None, domains: str | None, label_type: str
) -> list[DatasetInfo]:
    """Descriptions of a checkpoint's data sets.

    Args:
        sizes: of the checkpoint.
        preset: a key of `PRESETS`, or None.
        domains: `A,B,…`, for a joint model `A,B,…/C,D,…`, or None. Without either the
            labels are numbered.
        label_type: of `domains`, or of numbered labels; `a/b` for a joint model.

    Raises:
        InputError: if both are given, there is no such preset or label type, the
            numbers of names and labels differ, or a joint model's labels are not named.
    """
    if preset and domains:
        raise InputError("Pass either --preset or --domains. Received both.")
    if preset:
        if preset not in PRESETS:
            known = near_names(preset, PRESETS)
            raise InputError(f"There is no preset of names '{preset}'. {known}")
        names = PRESETS[preset]
    elif domains:
        names = _given(domains, label_type)
    else:
        names = [_numbered(sizes, label_type)]
    _check_count(names, sizes)
    return [
        DatasetInfo(
            known.dataset,
            known.domains,
            known.label_type,
            sizes.image_size,
            known.exclusive_groups,
        )
        for known in names
    ]


def _given(domains: str, label_type: str) -> list[LabelNames]:
    groups, types = domains.split(SEPARATOR), label_type.split(SEPARATOR)
    if len(types) == 1:
        types *= len(groups)
    if len(types) != len(groups):
        raise InputError(
            f"--label_type takes one type, or one for each of the {len(groups)} data "
            f"sets in --domains. Received: {label_type}"
        )
    names = ["imported"]
    if len(groups) > 1:
        names = [f"imported_{i + 1}" for i in range(len(groups))]
    return [
        LabelNames(name, tuple(domain.strip() for domain in group.split(",")), kind)
        for name, group, kind in zip(names, groups, types, strict=True)
    ]


def _numbered(sizes: "Sizes", label_type: str) -> LabelNames:
    if sizes.mask_width:
        raise InputError(
            f"The checkpoint is of a model of {sizes.mask_width} data sets with "
            f"{sizes.label_width - sizes.mask_width} labels together; where one ends "
            "is not in it. Pass --preset celeba_rafd, or --domains A,B,…/C,D,…"
        )
    domains = tuple(f"domain_{i + 1}" for i in range(sizes.label_width))
    return LabelNames("imported", domains, label_type)


def _check_count(names: Sequence[LabelNames], sizes: "Sizes") -> None:
    count = sum(len(known.domains) for known in names)
    width = count + (len(names) if len(names) > 1 else 0)
    masks = sizes.mask_width
    if masks is not None and max(masks, 1) != len(names):
        raise InputError(
            f"The checkpoint is of a model of {max(masks, 1)} data sets. Received "
            f"names for {len(names)}."
        )
    if width != sizes.label_width:
        listed = "; ".join(", ".join(known.domains) for known in names)
        raise InputError(
            f"The checkpoint has {sizes.label_width - (masks or 0)} labels. Received "
            f"{count} names: {listed}."
        )
