"""A new run that starts from the weights of another model."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from stargan_tf.data.labels import LabelSpace
from stargan_tf.errors import InputError
from stargan_tf.files import read_json
from stargan_tf.models.registry import family
from stargan_tf.optimizers import copy_moments
from stargan_tf.training.run_folder import (
    Source,
    find_checkpoint,
    open_checkpoint,
    run_of,
)

# Beside `checkpoints/` in the folder of an imported model: what that has only as a
# stand-in, in words.
IMPORT_RECORD = "import.json"
NOT_IMPORTED = "not_in_the_checkpoint"
_OPTIMIZERS = "the optimizers"
# For each label of the new model where the other has it, see `matches`.
Places = list[int | None]


def warm_start(model: Any, start: Source) -> str:
    """Gives a fresh model the weights of another one with the same options.

    Labels of the same name keep their weights; new ones keep their fresh weights.
    The optimizers go on too if the labels are the same and no learning rate follows
    a schedule, which would otherwise be at its end.
    """
    checkpoint, state = find_checkpoint(start)
    chosen = family(state.model)
    source = open_checkpoint(checkpoint, state, compile=True)
    ours, theirs = model.label_space, source.label_space
    places = matches(ours, theirs)
    channels = [space.image_shape[2] for space in (ours, theirs)]
    if channels[0] != channels[1]:
        raise InputError(
            f"{start} is a model of images with {channels[1]} channels. Received: "
            f"images with {channels[0]}. Leave out --init_from."
        )
    networks = [layer for layer in model.layers if isinstance(layer, keras.Model)]
    for network in networks:
        old = getattr(source, network.name)
        _copy(old, network, chosen.label_weights, places)
    same = places == list(range(theirs.width))
    goes_on = same and all([_copy_optimizer(source, model, n.name) for n in networks])
    fresh = [part for part in _not_imported(checkpoint) if part != _OPTIMIZERS]
    fresh += [] if goes_on else [_OPTIMIZERS]
    new = [name for name, at in zip(ours.names, places, strict=False) if at is None]
    left_out = [name for i, name in enumerate(theirs.names) if i not in places]
    lines = [f"Starting from {start} (step {state.step})."]
    if new:
        fresh.insert(0, f"what is of {', '.join(new)} only")
    if fresh:
        lines.append(f"Starts fresh: {'; '.join(fresh)}.")
    if left_out:
        lines.append(f"Left out: {', '.join(left_out)}.")
    return " ".join(lines)


def matches(space: LabelSpace, source: LabelSpace) -> Places:
    """Where each entry of a label vector stood in another model's.

    Returns:
        For each of `space.width` entries its index in `source`'s vector, or None.
        Labels are matched by name (by data set and name where a name occurs twice),
        mask entries by the data set with which most labels are shared.
    """
    places = {name: i for i, name in enumerate(source.names)}
    found = [places.get(name) for name in space.names]
    if not space.mask_width:
        return found
    return found + [_mask(found[part], source) for part in space.slices]


def _mask(found: Places, source: LabelSpace) -> int | None:
    """The mask entry of the data set that has most of the labels found."""
    parts = source.slices if source.mask_width else ()
    shared = [sum(i in range(part.start, part.stop) for i in found) for part in parts]
    if not any(shared):
        return None
    return source.num_domains + shared.index(max(shared))


def _not_imported(checkpoint: Path) -> list[str]:
    record = run_of(checkpoint).path / IMPORT_RECORD
    if not record.exists():
        return []
    try:
        return list(map(str, read_json(record)[NOT_IMPORTED]))
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise InputError(f"{record} cannot be read: {error!r}.") from error


def _copy(
    source: keras.Model,
    target: keras.Model,
    rules: Mapping[str, tuple[int, int | None]],
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
    fresh: np.ndarray, old: np.ndarray, axis: int, first: int | None, places: Places
) -> np.ndarray:
    """`fresh` with the old weights of the labels that there were.

    The labels lie along `axis` from `first` on, or at its end for None; what stands
    before is kept. Weights without mask entries take the places before those.
    """
    fresh, old = np.moveaxis(fresh.copy(), axis, 0), np.moveaxis(old, axis, 0)
    first = len(fresh) - len(places) if first is None else first
    fresh[:first] = old[:first]
    for i, place in enumerate(places[: len(fresh) - first]):
        if place is not None:
            fresh[first + i] = old[first + place]
    return np.moveaxis(fresh, 0, axis)


def _copy_optimizer(source: Any, target: Any, network: str) -> bool:
    """Whether a network's optimizer, if any, goes on where the source's stood."""
    name = f"{network}_optimizer"
    if not hasattr(target, name):
        return True
    return copy_moments(getattr(source, name, None), getattr(target, name))
