"""Which labels of a model are those of another."""

from stargan_tf.data.label_space import LabelSpace


def matches(space: LabelSpace, source: LabelSpace) -> list[int | None]:
    """Where each entry of a label vector stood in another model's.

    Args:
        space: the labels of the new model.
        source: those of the other.

    Returns:
        For each of `space.width` entries its index in `source`'s vector, or None.
        Labels are matched by name (by data set and name where a name occurs twice),
        mask entries by the data set with which most labels are shared.
    """
    places = {name: i for i, name in enumerate(_names(source))}
    found = [places.get(name) for name in _names(space)]
    return found + [_mask(part, found, source) for part in _masked(space)]


def _names(space: LabelSpace) -> list[str]:
    """The labels; where two data sets share one, with the data set before it."""
    pairs = [(info.name, name) for info in space.datasets for name in info.domains]
    bare = [name for _, name in pairs]
    return [n if bare.count(n) == 1 else f"{dataset}.{n}" for dataset, n in pairs]


def _masked(space: LabelSpace) -> tuple[slice, ...]:
    return space.slices if space.mask_width else ()


def _mask(part: slice, found: list[int | None], source: LabelSpace) -> int | None:
    shared = [
        sum(i is not None and other.start <= i < other.stop for i in found[part])
        for other in _masked(source)
    ]
    if not any(shared):
        return None
    return source.num_domains + shared.index(max(shared))
