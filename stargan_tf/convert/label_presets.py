"""Label names of the official checkpoints, in their order."""

from dataclasses import dataclass

from stargan_tf.data.info import BINARY, ONE_HOT


@dataclass(frozen=True)
class Names:
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
_CELEBA = Names("celeba", (*_HAIR, "Male", "Young"), BINARY, (_HAIR,))
# The official code numbers folders in the order of their names.
_EXPRESSIONS = "angry contemptuous disgusted fearful happy neutral sad surprised"
_RAFD = Names("rafd", tuple(_EXPRESSIONS.split()), ONE_HOT)
PRESETS = {
    "celeba": (_CELEBA,),
    "rafd": (_RAFD,),
    "celeba_rafd": (_CELEBA, _RAFD),
    "celeba_hq": (Names("celeba_hq", ("female", "male"), ONE_HOT),),
    "afhq": (Names("afhq", ("cat", "dog", "wild"), ONE_HOT),),
}
