"""What was found in the checkpoint files, before it is a model."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from stargan_tf.convert.table import Entry, Table, entries
from stargan_tf.errors import InputError

State = Mapping[str, np.ndarray]
_PREFIX = "module."


@dataclass(frozen=True)
class Part:
    """One network's weights.

    Args:
        path: the file they are in.
        title: what messages call the network, such as `"generator"`.
        state: official key → array.
    """

    path: Path
    title: str
    state: State

    def __str__(self) -> str:
        return f"{self.path} ({self.title})"


@dataclass
class Sizes:
    """What the shapes of a checkpoint's weights tell.

    Args:
        image_size: side of the images in pixels; `None` where they are silent.
        options: constructor arguments of the model.
        label_width: width of the generator's label vector, or the number of domains.
        mask_width: number of data sets of a joint model, 0 for one; `None` where
            they are silent.
        silent: names of options that are only assumed.
    """

    image_size: int | None
    options: dict[str, Any]
    label_width: int
    mask_width: int | None = 0
    silent: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Found:
    """The networks of a checkpoint.

    Args:
        family: name of the model family.
        parts: our network's name → its weights.
        moments: our network's name → state dict of its PyTorch optimizer.
        sizes: what the shapes tell.
        step: training steps, by the files' names; 0 if they say nothing.
    """

    family: str
    parts: dict[str, Part]
    moments: dict[str, Mapping[str, Any]]
    sizes: Sizes
    step: int


def is_state(value: Any) -> bool:
    """Whether a value is a state dict: names with arrays."""
    return (
        isinstance(value, Mapping)
        and bool(value)
        and all(isinstance(array, np.ndarray) for array in value.values())
    )


def without_prefix(state: State) -> State:
    """A state dict without the `module.` that DataParallel puts before each key."""
    if not all(key.startswith(_PREFIX) for key in state):
        return state
    return {key.removeprefix(_PREFIX): array for key, array in state.items()}


def check_finite(part: Part, table: Table) -> None:
    """Raises InputError if a weight is not a finite number.

    Args:
        part: the weights.
        table: of the network; what it does not use may be anything.
    """
    for entry in entries(table):
        array = part.state.get(entry.key)
        if array is not None and not np.all(np.isfinite(array)):
            raise InputError(
                f"{part} holds weights that are not finite, such as {entry.key}: its "
                "training had diverged. Use an earlier checkpoint."
            )


def check_keys(part: Part, table: Table) -> None:
    """Raises InputError unless a part has the weights that the table lists.

    Args:
        part: the weights.
        table: of the network, by the sizes found.
    """
    required = [entry for entry in entries(table) if not entry.optional]
    missing = [entry.key for entry in required if entry.key not in part.state]
    unknown = part.state.keys() - {line.key for line in table}
    for keys, verb in ((missing, "lacks"), (sorted(unknown), "besides has")):
        if keys:
            raise InputError(
                f"{part} is not as the official code builds it: it {verb} "
                f"{some(keys)}. Was its code changed?"
            )


def check_shape(part: Part, entry: Entry, expected: tuple[int, ...]) -> None:
    """Raises InputError unless a weight has the shape that its network expects.

    Args:
        part: the weights.
        entry: which one.
        expected: the official shape.
    """
    received = part.state[entry.key].shape if entry.key in part.state else expected
    if received != expected:
        raise InputError(
            f"{part} is not as the official code builds it: {entry.key} has the shape "
            f"{received}, but its other weights go with {expected}."
        )


def some(keys: Iterable[str]) -> str:
    """The first of some names, and how many more there are."""
    first, *rest = keys
    return f"{first} and {len(rest)} more" if rest else first
