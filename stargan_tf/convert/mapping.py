"""How official weights stand in our networks: one table for both directions.

A family describes the authors' code by an `OfficialCode`, named by
`ModelFamily.official`. Nothing here needs TensorFlow or Keras.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from stargan_tf.errors import InputError

StateDict = Mapping[str, np.ndarray]


class Layout(NamedTuple):
    """A layout of PyTorch's and the way to ours and back.

    Args:
        to_ours: official array → ours, a view where possible.
        to_official: the inverse.
    """

    to_ours: Callable[[np.ndarray], np.ndarray]
    to_official: Callable[[np.ndarray], np.ndarray]


AS_IS = Layout(np.asarray, np.asarray)
MATRIX = Layout(np.transpose, np.transpose)
# OIHW ↔ HWIO; transposed convolutions: IOHW ↔ HWOI.
KERNEL = Layout(
    lambda x: np.transpose(x, (2, 3, 1, 0)), lambda x: np.transpose(x, (3, 2, 0, 1))
)
# A 1 × 1 convolution with one output per domain ↔ one dense layer per domain.
VERDICT_KERNEL = Layout(lambda x: x[..., 0], lambda x: x[..., None])
VERDICT_BIAS = Layout(lambda x: x[:, None], lambda x: x[:, 0])


@dataclass(frozen=True)
class Entry:
    """One official weight.

    Args:
        key: its name in the official state dict.
        path: path of our variable in its network.
        layout: its layout.
        head: which of the variable's stacked heads it is; `None` for all of it.
        optional: whether it may be missing, being unused; it is then zero.
    """

    key: str
    path: str
    layout: Layout = AS_IS
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


@dataclass(frozen=True)
class NetworkState:
    """One network's weights in a checkpoint file.

    Args:
        path: the file they are in.
        title: what messages call the network, such as `"generator"`.
        weights: official key → array.
    """

    path: Path
    title: str
    weights: StateDict

    def __str__(self) -> str:
        return f"{self.path} ({self.title})"


@dataclass
class Sizes:
    """What the shapes of a checkpoint's weights tell.

    Args:
        image_size: side of the images in pixels.
        options: constructor arguments of the model.
        label_width: width of the generator's label vector, or the number of domains.
        mask_width: number of data sets of a joint model, 0 for one; `None` where the
            shapes do not tell.
        is_size_known: whether the shapes tell `image_size`.
    """

    image_size: int
    options: dict[str, Any]
    label_width: int
    mask_width: int | None = 0
    is_size_known: bool = True


@dataclass(frozen=True, kw_only=True)
class Published:
    """A checkpoint file that the authors of a model publish.

    Args:
        name: its name after `official/`.
        title: what it is, for people.
        url: the address of the file.
        page: the address of the page that names it.
        authors: who made it.
        license: the license's name, and what it rules out.
        terms: the address of the license's text.
        preset: the names of its labels, a key of `PRESETS`; None for a network
            without labels.
    """

    name: str
    title: str
    url: str
    page: str
    authors: str
    license: str
    terms: str
    preset: str | None


@dataclass(frozen=True, kw_only=True)
class OfficialCode:
    """The authors' own code of a model family, and what its checkpoints look like.

    Args:
        repository: where it is, such as `"yunjey/stargan"`.
        file_names: what its checkpoint files are called, for messages.
        label_type: type of a checkpoint's labels where the user gives none.
        networks: names of the trained networks, ours and its own.
        averaged: those that also exist as an average, under the name `…_ema`.
        find_networks: (path, content of a file) → our network's name → its weights;
            empty for a file that is not of this code.
        find_moments: content of a file → network's name → state dict of its optimizer.
        sizes: what the shapes of the networks tell; raises `InputError` if networks
            are missing or do not belong together.
        tables: sizes → network's name → its table.
        check_exportable: raises `InputError` for constructor arguments of a model that
            this code cannot build.
        files: (state dicts by network, those of the optimizers, step) → (file name,
            content) of each file of a checkpoint.
        published: checkpoints that the authors publish.
    """

    repository: str
    file_names: str
    label_type: str
    networks: tuple[str, ...]
    averaged: tuple[str, ...] = ()
    find_networks: Callable[[Path, Mapping[str, Any]], dict[str, NetworkState]]
    find_moments: Callable[[Mapping[str, Any]], dict[str, Any]]
    sizes: Callable[[Mapping[str, NetworkState]], Sizes]
    tables: Callable[[Sizes], dict[str, Table]]
    check_exportable: Callable[[Mapping[str, Any]], None]
    files: Callable[
        [Mapping[str, StateDict], Mapping[str, Any], int],
        Iterable[tuple[str, Mapping[str, Any]]],
    ]
    published: tuple[Published, ...] = ()


def entries(table: Table) -> list[Entry]:
    """The weights of a table, in PyTorch's order of parameters."""
    return [line for line in table if isinstance(line, Entry)]


def to_ours(
    table: Table, state: StateDict, shapes: Mapping[str, tuple]
) -> Iterator[tuple[str, np.ndarray]]:
    """Arrays of our variables, one at a time.

    Args:
        state: official key → array; optional ones may be missing.
        shapes: path → shape of our variables.

    Yields:
        (path, array).
    """
    by_path: dict[str, list[Entry]] = {}
    for entry in entries(table):
        by_path.setdefault(entry.path, []).append(entry)
    for path, group in by_path.items():
        if group[0].head is None and group[0].key in state:
            yield path, group[0].layout.to_ours(state[group[0].key])
            continue
        array = np.zeros(shapes[path], np.float32)
        for entry in group:
            if entry.key in state:
                array[entry.head] = entry.layout.to_ours(state[entry.key])
        yield path, array


def to_official(table: Table, arrays: StateDict) -> dict[str, np.ndarray]:
    """The official state dict of our variables; the inverse of `to_ours`.

    Args:
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
            state[line.key] = np.array(line.layout.to_official(ours), order="C")
    return state


def put_weights(network: Any, table: Table, state: NetworkState) -> None:
    """Gives a network official weights."""
    variables = {v.path: v for v in network.weights}
    shapes = {path: tuple(v.shape) for path, v in variables.items()}
    for entry in entries(table):
        expected = _official_shape(entry, shapes[entry.path])
        if entry.key in state.weights and state.weights[entry.key].shape != expected:
            raise InputError(
                f"{state} is not as the official code builds it: {entry.key} has the "
                f"shape {state.weights[entry.key].shape}, but its other weights go "
                f"with {expected}."
            )
    for path, array in to_ours(table, state.weights, shapes):
        variables[path].assign(array)


def _official_shape(entry: Entry, shape: tuple[int, ...]) -> tuple[int, ...]:
    shape = shape if entry.head is None else shape[1:]
    return entry.layout.to_official(np.broadcast_to(np.float32(0), shape)).shape


def take_weights(network: Any, table: Table) -> dict[str, np.ndarray]:
    """A network's weights under the official keys.

    Returns:
        Official key → array.
    """
    return to_official(table, {v.path: v.numpy() for v in network.weights})


def is_state_dict(value: Any) -> bool:
    """Whether a value is a state dict: names with arrays."""
    return (
        isinstance(value, Mapping)
        and bool(value)
        and all(isinstance(array, np.ndarray) for array in value.values())
    )


def without_prefix(state: StateDict) -> StateDict:
    """A state dict without the `module.` that DataParallel puts before each key."""
    if not all(key.startswith("module.") for key in state):
        return state
    return {key.removeprefix("module."): array for key, array in state.items()}
