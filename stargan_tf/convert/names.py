"""Names of labels, which official checkpoints do not contain."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from stargan_tf.data.info import BINARY, ONE_HOT, DatasetInfo
from stargan_tf.errors import InputError, near_names

if TYPE_CHECKING:
    from stargan_tf.convert.mapping import Sizes

SEPARATOR = "/"


_SIZE = 128  # A placeholder for the image size of the checkpoint.
_HAIR = ("Black_Hair", "Blond_Hair", "Brown_Hair")
_ATTRIBUTES = (*_HAIR, "Male", "Young")
_CELEBA = DatasetInfo("celeba", _ATTRIBUTES, BINARY, _SIZE, (_HAIR,))
# In the official code, labels are the sorted names of folders.
_EXPRESSIONS = "angry contemptuous disgusted fearful happy neutral sad surprised"
_RAFD = DatasetInfo("rafd", tuple(_EXPRESSIONS.split()), ONE_HOT, _SIZE)
# Labels of the official checkpoints.
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
    """Returns the descriptions of a checkpoint's data sets.

    Args:
        sizes: sizes of the checkpoint.
        preset: a key of `PRESETS`, or None.
        domains: names `A,B,…`, or `A,B,…/C,D,…` for a joint model, or None. If neither
            is given, the labels are numbered.
        label_type: `"binary"` or `"one_hot"`, or one per data set, separated by `/`.

    Raises:
        InputError: if the names do not match the checkpoint.
    """
    if preset and domains:
        raise InputError("Pass either --preset or --domains. Received: both.")
    if preset:
        if preset not in PRESETS:
            known = near_names(preset, PRESETS)
            raise InputError(
                f"--preset must be a preset of label names. Received: '{preset}'. "
                f"{known}"
            )
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
            "--label_type must be one type, or one type for each of the "
            f"{len(groups)} data sets in --domains. Received: {label_type}"
        )
    names = ["imported"]
    if len(groups) > 1:
        names = [f"imported_{i + 1}" for i in range(len(groups))]
    return [
        DatasetInfo(name, tuple(map(str.strip, group.split(","))), label_type, _SIZE)
        for name, group, label_type in zip(names, groups, types, strict=True)
    ]


def _numbered(sizes: "Sizes", label_type: str) -> DatasetInfo:
    if sizes.mask_width:
        raise InputError(
            f"The checkpoint has {sizes.label_width - sizes.mask_width} labels of "
            f"{sizes.mask_width} data sets, but not which labels belong to which data "
            "set. Pass --preset celeba_rafd, or --domains A,B,…/C,D,…"
        )
    domains = tuple(f"domain_{i + 1}" for i in range(sizes.label_width))
    return DatasetInfo("imported", domains, label_type, _SIZE)


def _check_count(infos: Sequence[DatasetInfo], sizes: "Sizes") -> None:
    count = sum(len(info.domains) for info in infos)
    width = count + (len(infos) if len(infos) > 1 else 0)
    masks = sizes.mask_width
    if masks is not None and max(masks, 1) != len(infos):
        raise InputError(
            f"The checkpoint needs names for {max(masks, 1)} data sets. Received: "
            f"names for {len(infos)}."
        )
    if width != sizes.label_width:
        listed = "; ".join(", ".join(info.domains) for info in infos)
        raise InputError(
            f"The checkpoint needs {sizes.label_width - (masks or 0)} names of labels. "
            f"Received: {count} names, {listed}."
        )
