"""How the official weights stand in our networks: one table for both directions.

A table lists the official keys of a network in the order in which PyTorch numbers
them, each with the path of our variable, the layout, and which of its stacked heads
it is.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np


class Form(NamedTuple):
    """A layout of PyTorch's and the way to ours and back.

    Args:
        to_ours: official array → ours, a view where possible.
        to_official: the inverse.
    """

    to_ours: Callable[[np.ndarray], np.ndarray]
    to_official: Callable[[np.ndarray], np.ndarray]


AS_IS = Form(np.asarray, np.asarray)
MATRIX = Form(np.transpose, np.transpose)
# OIHW ↔ HWIO; transposed convolutions: IOHW ↔ HWOI.
KERNEL = Form(
    lambda x: np.transpose(x, (2, 3, 1, 0)), lambda x: np.transpose(x, (3, 2, 0, 1))
)
# A 1 × 1 convolution with one output per domain ↔ one dense layer per domain.
VERDICT_KERNEL = Form(lambda x: x[..., 0], lambda x: x[..., None])
VERDICT_BIAS = Form(lambda x: x[:, None], lambda x: x[:, 0])


@dataclass(frozen=True)
class Entry:
    """One official weight.

    Args:
        key: its name in the official state dict.
        path: path of our variable in its network.
        form: its layout.
        head: which of the variable's stacked heads it is; `None` for all of it.
        optional: whether it may be missing, being unused; it is then zero.
    """

    key: str
    path: str
    form: Form = AS_IS
    head: int | None = None
    optional: bool = False


@dataclass(frozen=True)
class Constant:
    """An official entry that never varies; it is written, and ignored when read.

    Args:
        key: its name in the official state dict.
        value: what it holds.
    """

    key: str
    value: np.ndarray


Table = tuple[Entry | Constant, ...]


def entries(table: Table) -> list[Entry]:
    """The weights of a table, in PyTorch's order of parameters."""
    return [line for line in table if isinstance(line, Entry)]


def to_ours(
    table: Table, state: Mapping[str, np.ndarray], shapes: Mapping[str, tuple]
) -> Iterator[tuple[str, np.ndarray]]:
    """Arrays of our variables, one at a time.

    Args:
        table: of the network.
        state: official key → array; optional ones may be missing.
        shapes: path → shape of our variables.

    Yields:
        (path, array).
    """
    parts: dict[str, list[Entry]] = {}
    for entry in entries(table):
        parts.setdefault(entry.path, []).append(entry)
    for path, group in parts.items():
        if group[0].head is None and group[0].key in state:
            yield path, group[0].form.to_ours(state[group[0].key])
            continue
        array = np.zeros(shapes[path], np.float32)
        for entry in group:
            if entry.key in state:
                array[entry.head] = entry.form.to_ours(state[entry.key])
        yield path, array


def to_official(
    table: Table, arrays: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """The official state dict of our variables; the inverse of `to_ours`.

    Args:
        table: of the network.
        arrays: path → array; weights whose path is missing are left out.

    Returns:
        Official key → array, contiguous.
    """
    state = {}
    for line in table:
        if isinstance(line, Constant):
            state[line.key] = line.value
        elif line.path in arrays:
            ours = arrays[line.path]
            ours = ours if line.head is None else ours[line.head]
            # A copy: a view would keep all of a variable's heads alive.
            state[line.key] = np.array(line.form.to_official(ours), order="C")
    return state


def official_shape(entry: Entry, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Shape of the official weight, for our variable's `shape`."""
    shape = shape if entry.head is None else shape[1:]
    return entry.form.to_official(np.broadcast_to(np.float32(0), shape)).shape
