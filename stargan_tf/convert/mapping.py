"""Official weights into a network, and out of it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from stargan_tf.errors import InputError

# How the official weights stand in our networks: one table for both directions.


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


# What was found in the checkpoint files, before it is a model.

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


# What the user says of a checkpoint against what its shapes tell.


def apply_given(found: Found, given: Mapping[str, Any]) -> None:
    """Checks options against the checkpoint, and takes those it is silent on.

    Args:
        found: the checkpoint; its sizes are completed.
        given: option name → value, as `stargan-tf train` calls them.

    Raises:
        InputError: naming the option that differs.
    """
    sizes = found.sizes
    for name, value in given.items():
        if name in sizes.silent:
            _take(found, name, value)
        elif name == "image_size" and value != sizes.image_size:
            raise InputError(
                f"The checkpoint is for {sizes.image_size} px, --image_size says "
                f"{value}. Leave it out, or give a checkpoint for {value} px."
            )
        elif name != "image_size" and value != sizes.options.get(name):
            raise InputError(_difference(found, name, value))


def _take(found: Found, name: str, value: Any) -> None:
    if name == "image_size":
        found.sizes.image_size = value
    else:
        found.sizes.options[name] = value


def _difference(found: Found, name: str, value: Any) -> str:
    if name not in found.sizes.options:
        return (
            f"The checkpoint is of a {found.family} model, which has no --{name}. "
            f"Received: {value}. Leave it out."
        )
    return (
        f"The checkpoint has {name}={found.sizes.options[name]}, --{name} says "
        f"{value}. Leave it out."
    )


def put_weights(network: Any, table: Table, part: Part) -> None:
    """Gives a network official weights.

    Args:
        network: the Keras model.
        table: of the network.
        part: the weights, checked to have the table's keys.

    Raises:
        InputError: if a shape does not fit; the network is then as it was.
    """
    variables = {v.path: v for v in network.weights}
    shapes = {path: tuple(v.shape) for path, v in variables.items()}
    for entry in entries(table):
        check_shape(part, entry, official_shape(entry, shapes[entry.path]))
    for path, array in to_ours(table, part.state, shapes):
        variables[path].assign(array)


def take_weights(network: Any, table: Table) -> dict[str, np.ndarray]:
    """A network's weights under the official keys.

    Args:
        network: the Keras model.
        table: of the network.

    Returns:
        Official key → array.
    """
    return to_official(table, {v.path: v.numpy() for v in network.weights})
