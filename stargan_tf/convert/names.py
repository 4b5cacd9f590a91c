"""Names of a checkpoint's labels, which the official checkpoints do not hold."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from stargan_tf.data.info import BINARY, ONE_HOT, DatasetInfo
from stargan_tf.errors import InputError, near_names

if TYPE_CHECKING:
    from stargan_tf.convert.mapping import Sizes

SEPARATOR = "/"


_SIZE = 128  # Stands for the checkpoint's.
_HAIR = ("Black_Hair", "Blond_Hair", "Brown_Hair")
_ATTRIBUTES = (*_HAIR, "Male", "Young")
_CELEBA = DatasetInfo("celeba", _ATTRIBUTES, BINARY, _SIZE, (_HAIR,))
# The official code numbers folders in the order of their names.
_EXPRESSIONS = "angry contemptuous disgusted fearful happy neutral sad surprised"
_RAFD = DatasetInfo("rafd", tuple(_EXPRESSIONS.split()), ONE_HOT, _SIZE)
# Those of the official checkpoints.
PRESETS = {
    "celeba": (_CELEBA,),
    "rafd": (_RAFD,),
    "celeba_rafd": (_CELEBA, _RAFD),
    "celeba_hq": (DatasetInfo("celeba_hq", ("female", "male"), ONE_HOT, _SIZE),),
    "afhq": (DatasetInfo("afhq", ("cat", "dog", "wild"), ONE_HOT, _SIZE),),
}


def dataset_infos(
    sizes: "Sizes", preset: str | None, domains: str | None, label_type: str
) -> list[DatasetInfo]:
    """Descriptions of a checkpoint's data sets.

    Args:
        preset: a key of `PRESETS`, or None.
        domains: `A,B,…`, for a joint model `A,B,…/C,D,…`, or None. Without either the
            labels are numbered.
    """
    if preset and domains:
        raise InputError("Pass either --preset or --domains. Received both.")
    if preset:
        if preset not in PRESETS:
            known = near_names(preset, PRESETS)
            raise InputError(f"There is no preset of names '{preset}'. {known}")
        infos = PRESETS[preset]
    elif domains:
        infos = _given(domains, label_type)
    else:
        infos = [_numbered(sizes, label_type)]
    _check_count(infos, sizes)
    return [replace(info, image_size=sizes.image_size) for info in infos]


def _given(domains: str, label_type: str) -> list[DatasetInfo]:
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
        DatasetInfo(name, tuple(map(str.strip, group.split(","))), kind, _SIZE)
        for name, group, kind in zip(names, groups, types, strict=True)
    ]


def _numbered(sizes: "Sizes", label_type: str) -> DatasetInfo:
    if sizes.mask_width:
        raise InputError(
            f"The checkpoint is of a model of {sizes.mask_width} data sets with "
            f"{sizes.label_width - sizes.mask_width} labels together; where one ends "
            "is not in it. Pass --preset celeba_rafd, or --domains A,B,…/C,D,…"
        )
    domains = tuple(f"domain_{i + 1}" for i in range(sizes.label_width))
    return DatasetInfo("imported", domains, label_type, _SIZE)


def _check_count(infos: Sequence[DatasetInfo], sizes: "Sizes") -> None:
    count = sum(len(info.domains) for info in infos)
    width = count + (len(infos) if len(infos) > 1 else 0)
    masks = sizes.mask_width
    if masks is not None and max(masks, 1) != len(infos):
        raise InputError(
            f"The checkpoint is of a model of {max(masks, 1)} data sets. Received "
            f"names for {len(infos)}."
        )
    if width != sizes.label_width:
        listed = "; ".join(", ".join(info.domains) for info in infos)
        raise InputError(
            f"The checkpoint has {sizes.label_width - (masks or 0)} labels. Received "
            f"{count} names: {listed}."
        )
