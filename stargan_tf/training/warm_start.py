"""Initializes a new run with the weights of another model."""

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

# Beside `checkpoints/` in the folder of an imported model: a description of what is
# newly initialized because the checkpoint lacks it.
IMPORT_RECORD = "import.json"
NOT_IMPORTED = "not_in_the_checkpoint"
_OPTIMIZERS = "the optimizers"
# The index of each label of the new model in the other one, see `matches`.
Places = list[int | None]


def warm_start(model: Any, start: Source) -> str:
    """Copies the weights of another model with the same network options.

    Weights of labels with the same name are copied; those of new labels keep their
    initial values. The optimizer states are copied if the labels are equal and no
    learning rate follows a schedule, which would already be at its end.

    Args:
        model: a newly built model.
        start: the other model, as for `load_model`.

    Returns:
        A message that lists what was copied and what is newly initialized.

    Raises:
        InputError: if there is no such model, its images have other channels, or the
            family cannot match labels by name and they differ.
    """
    checkpoint, state = find_checkpoint(start)
    chosen = family(state.model)
    try:
        source = open_checkpoint(checkpoint, state, compile=True)
    except InputError:  # It may have optimizers of other packages.
        source = open_checkpoint(checkpoint, state, compile=False)
    ours, theirs = model.label_space, source.label_space
    places = matches(ours, theirs)
    channels = [space.image_shape[2] for space in (ours, theirs)]
    if channels[0] != channels[1]:
        raise InputError(
            f"{start} needs images with {channels[1]} channels. Received: images with "
            f"{channels[0]}. Drop --init_from."
        )
    same = places == list(range(theirs.width))
    rules = chosen.label_weights
    if callable(rules):
        rules = rules(model.arguments)
    if not (same or rules):
        raise InputError(
            f"A {chosen.name} can start only from a model with the same labels in the "
            f"same order: {', '.join(theirs.names)}. Received: "
            f"{', '.join(ours.names)}. Drop --init_from."
        )
    networks = [layer for layer in model.layers if isinstance(layer, keras.Model)]
    for network in networks:
        _copy(getattr(source, network.name), network, rules, places)
    copied = same and all([_copy_optimizer(source, model, n.name) for n in networks])
    fresh = [name for name in _not_imported(checkpoint) if name != _OPTIMIZERS]
    fresh += [] if copied else [_OPTIMIZERS]
    new = [name for name, at in zip(ours.names, places, strict=False) if at is None]
    dropped = [name for i, name in enumerate(theirs.names) if i not in places]
    lines = [f"Starting from {start} (step {state.step})."]
    if new:
        fresh.insert(0, f"the weights of {', '.join(new)}")
    if fresh:
        lines.append(f"Newly initialized: {'; '.join(fresh)}.")
    if dropped:
        lines.append(f"Not copied: {', '.join(dropped)}.")
    return " ".join(lines)


def matches(space: LabelSpace, source: LabelSpace) -> Places:
    """Finds each entry of a label vector in that of another model.

    Args:
        space: the label space of the new model.
        source: that of the other model.

    Returns:
        For each of `space.width` entries, its index in `source`'s vector, or None.
        Labels are matched by name (by data set and name if a name occurs twice), mask
        entries by the data set that shares the most labels.
    """
    indices = {name: i for i, name in enumerate(source.names)}
    places = [indices.get(name) for name in space.names]
    if not space.mask_width:
        return places
    return places + [_mask(places[labels], source) for labels in space.slices]


def _mask(places: Places, source: LabelSpace) -> int | None:
    """The mask entry of the data set with most of the labels in `places`."""
    slices = source.slices if source.mask_width else ()
    shared = [sum(i in range(s.start, s.stop) for i in places) for s in slices]
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
    # Not by path: Keras numbers layers without a name throughout the process.
    for old, variable in zip(source.weights, target.weights, strict=True):
        name, value = f"{target.name}/{variable.path}", old.numpy()
        for rule, (axis, first) in rules.items():
            if re.fullmatch(rule, name):
                value = _by_label(variable.numpy(), value, axis, first, places)
        variable.assign(value)


def _by_label(
    fresh: np.ndarray, old: np.ndarray, axis: int, first: int | None, places: Places
) -> np.ndarray:
    """Copies the old weights of matching labels into `fresh`.

    The labels are along `axis` from `first` on, or at its end for None; the weights
    before them are copied. Weights without mask entries use only the labels' places.
    """
    fresh, old = np.moveaxis(fresh.copy(), axis, 0), np.moveaxis(old, axis, 0)
    first = len(fresh) - len(places) if first is None else first
    fresh[:first] = old[:first]
    for i, place in enumerate(places[: len(fresh) - first]):
        if place is not None:
            fresh[first + i] = old[first + place]
    return np.moveaxis(fresh, 0, axis)


def _copy_optimizer(source: Any, target: Any, network: str) -> bool:
    """Copies the state of a network's optimizer, if any; returns whether it could."""
    name = f"{network}_optimizer"
    if not hasattr(target, name):
        return True
    return copy_moments(getattr(source, name, None), getattr(target, name))
