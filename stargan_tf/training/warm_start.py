"""A new run that starts from the weights of another model."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from stargan_tf.data.labels import LabelSpace
from stargan_tf.errors import InputError
from stargan_tf.files import read_json, user_path
from stargan_tf.models.registry import family
from stargan_tf.optimizers import copy_moments
from stargan_tf.training.run_folder import find_checkpoint, open_checkpoint

# Which labels of a model are those of another.


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


# The model that a new run starts from: what its folder says, without TensorFlow.

# Beside `checkpoints/` in the folder of an imported model.
IMPORT_RECORD = "import.json"
NOT_IMPORTED = "not_in_the_checkpoint"


def not_imported(checkpoint: Path) -> list[str]:
    """What an imported model has only as a stand-in, in words; [] for other models.

    Args:
        checkpoint: the model's checkpoint.
    """
    record = checkpoint.resolve().parents[1] / IMPORT_RECORD
    if not record.exists():
        return []
    try:
        return list(map(str, read_json(record)[NOT_IMPORTED]))
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise InputError(f"{record} cannot be read: {error!r}.") from error


_OPTIMIZERS = "the optimizers"
Places = list[int | None]


def warm_start(model: Any, folder: str | Path) -> str:
    """Gives a fresh model the weights of another one with the same options.

    Labels of the same name keep their weights; new ones keep their fresh weights.
    The optimizers go on too if the labels are the same and no learning rate follows
    a schedule, which would otherwise be at its end.

    Args:
        model: a compiled model.
        folder: the other's run folder, checkpoint, or imported model.

    Returns:
        What starts fresh and what was left out, in words.

    Raises:
        InputError: if the folder holds no model.
    """
    checkpoint, state = find_checkpoint(user_path(folder))
    chosen = family(state.model)
    source = open_checkpoint(checkpoint, state, compile=True)
    places = matches(model.label_space, source.label_space)
    for name, network in _networks(model).items():
        _copy(getattr(source, name), network, chosen.label_weights, places)
    same = places == list(range(source.label_space.width))
    went_on = same and _copy_optimizers(source, model)
    missing = [part for part in not_imported(checkpoint) if part != _OPTIMIZERS]
    missing += [] if went_on else [_OPTIMIZERS]
    return _told(folder, state.step, _labels(model, source, places), missing)


def _networks(model: Any) -> dict[str, keras.Model]:
    return {
        network.name: network
        for network in model.layers
        if isinstance(network, keras.Model)
    }


def _copy(
    source: keras.Model,
    target: keras.Model,
    rules: Mapping[str, tuple[int, int]],
    places: Places,
) -> None:
    old = {variable.path: variable for variable in source.weights}
    for variable in target.weights:
        name = f"{target.name}/{variable.path}"
        value = old[variable.path].numpy()
        for rule, (axis, first) in rules.items():
            if re.fullmatch(rule, name):
                value = _by_label(variable.numpy(), value, axis, first, places)
        variable.assign(value)


def _by_label(
    fresh: np.ndarray, old: np.ndarray, axis: int, first: int, places: Places
) -> np.ndarray:
    """`fresh` with the old weights of the labels that there were.

    Args:
        fresh: the new model's weights.
        old: the other's.
        axis: along which the labels lie.
        first: index of the first label on it; what stands before is kept.
        places: see `matches`; weights without mask entries take those before them.
    """
    fresh, old = np.moveaxis(fresh.copy(), axis, 0), np.moveaxis(old, axis, 0)
    fresh[:first] = old[:first]
    for i, place in enumerate(places[: len(fresh) - first]):
        if place is not None:
            fresh[first + i] = old[first + place]
    return np.moveaxis(fresh, 0, axis)


def _copy_optimizers(source: Any, target: Any) -> bool:
    """Whether all optimizers of the target go on where the source's stood."""
    names = [f"{name}_optimizer" for name in _networks(target)]
    pairs = [
        (getattr(source, name, None), getattr(target, name))
        for name in names
        if hasattr(target, name)
    ]
    return all([copy_moments(one, other) for one, other in pairs])


def _labels(model: Any, source: Any, places: Places) -> tuple[list[str], list[str]]:
    """(labels that are new, labels that are left out)."""
    ours, theirs = (
        [name for info in m.label_space.datasets for name in info.domains]
        for m in (model, source)
    )
    new = [name for name, place in zip(ours, places, strict=False) if place is None]
    return new, [name for i, name in enumerate(theirs) if i not in places]


def _told(
    folder: str | Path, step: int, labels: tuple[list[str], list[str]], missing: list
) -> str:
    new, left_out = labels
    fresh = ([f"what is of {', '.join(new)} only"] if new else []) + missing
    lines = [f"Starting from {folder} (step {step})."]
    if fresh:
        lines.append(f"Starts fresh: {'; '.join(fresh)}.")
    if left_out:
        lines.append(f"Left out: {', '.join(left_out)}.")
    return " ".join(lines)
