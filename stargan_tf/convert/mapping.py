"""The mapping between official weights and our networks, for import and export.

A family describes the authors' code with an `OfficialCode`, named by
`ModelFamily.official`. This module needs neither TensorFlow nor Keras.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from stargan_tf.errors import InputError

StateDict = Mapping[str, np.ndarray]


class Layout(NamedTuple):
    """Conversions between the layout of an official array and ours.

    Args:
        to_ours: function from the official array to ours; a view if possible.
        to_official: the inverse function.
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
    """An official weight and the variable it corresponds to.

    Args:
        key: name in the official state dict.
        path: path of our variable in its network.
        layout: conversion between the layouts.
        head: index of the weight in a variable with stacked heads; `None` if the
            weight is the whole variable.
        optional: whether the weight may be missing because it is unused. It is then 0.
    """

    key: str
    path: str
    layout: Layout = AS_IS
    head: int | None = None
    optional: bool = False


@dataclass(frozen=True)
class Constant:
    """A constant in the official state dict, which the import ignores.

    Args:
        key: name in the official state dict.
        value: the value that the export writes.
    """

    key: str
    value: np.ndarray


Table = tuple[Entry | Constant, ...]


@dataclass(frozen=True)
class NetworkState:
    """The weights of a network in a checkpoint file.

    Args:
        path: path of the file.
        title: name of the network in messages, such as `"generator"`.
        weights: official key → array.
    """

    path: Path
    title: str
    weights: StateDict

    def __str__(self) -> str:
        return f"{self.path} ({self.title})"


@dataclass
class Sizes:
    """Sizes of a model, inferred from the shapes of a checkpoint's weights.

    Args:
        image_size: side of the images in pixels.
        options: constructor arguments of the model.
        label_width: width of the generator's label vector, or the number of domains.
        mask_width: number of data sets of a joint model, 0 for a single data set, or
            `None` if it cannot be inferred.
        is_size_known: whether `image_size` can be inferred.
    """

    image_size: int
    options: dict[str, Any]
    label_width: int
    mask_width: int | None = 0
    is_size_known: bool = True


@dataclass(frozen=True, kw_only=True)
class Published:
    """A checkpoint file published by the authors of a model.

    Args:
        name: name after the prefix `official/`.
        title: description for users.
        url: URL of the file.
        page: URL of the web page that links to the file.
        authors: the authors.
        license: name of the license, and its restrictions.
        terms: URL of the text of the license.
        preset: names of the labels, a key of `PRESETS`; None for a network without
            labels.
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
    """The authors' code of a model family, and the format of its checkpoints.

    Args:
        repository: GitHub repository, such as `"yunjey/stargan"`.
        file_names: names of the checkpoint files, for messages.
        label_type: label type of a checkpoint if the user does not give it.
        networks: names of the trained networks, both in that code and here.
        averaged: names of the networks that also have an EMA network, `<name>_ema`.
        find_networks: (path, content of a file) → {name of our network: weights};
            empty if the file is not a checkpoint of this code.
        find_moments: content of a file → {name of a network: state dict of its
            optimizer}.
        sizes: {name: weights} → `Sizes`; raises `InputError` if networks are missing
            or do not belong together.
        tables: `Sizes` → {name of a network: table}.
        architecture: {constructor argument: the only value that this code can build}.
        files: (state dicts by network, state dicts of the optimizers, step) → (file
            name, content) of each file of a checkpoint.
        published: checkpoints published by the authors.
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
    architecture: Mapping[str, Any]
    files: Callable[
        [Mapping[str, StateDict], Mapping[str, Any], int],
        Iterable[tuple[str, Mapping[str, Any]]],
    ]
    published: tuple[Published, ...] = ()


def entries(table: Table) -> list[Entry]:
    """Returns the weights of a table, in the order of PyTorch's parameters."""
    return [line for line in table if isinstance(line, Entry)]


def to_ours(
    table: Table, state: StateDict, shapes: Mapping[str, tuple]
) -> Iterator[tuple[str, np.ndarray]]:
    """Converts official weights to arrays for our variables, one at a time.

    Args:
        table: the table of the network.
        state: official key → array; optional weights may be missing.
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
    """Converts our variables to an official state dict; the inverse of `to_ours`.

    Args:
        table: the table of the network.
        arrays: path → array; weights whose path is missing are omitted.

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
            # A copy, because a view would keep all heads of the variable in memory.
            state[line.key] = np.array(line.layout.to_official(ours), order="C")
    return state


def put_weights(network: Any, table: Table, state: NetworkState) -> None:
    """Assigns official weights to a network.

    Args:
        network: a Keras model.
        table: the table of the network.
        state: the official weights.

    Raises:
        InputError: if a weight has the wrong shape.
    """
    variables = {v.path: v for v in network.weights}
    shapes = {path: tuple(v.shape) for path, v in variables.items()}
    for entry in entries(table):
        expected = _official_shape(entry, shapes[entry.path])
        if entry.key in state.weights and state.weights[entry.key].shape != expected:
            raise InputError(
                f"{state} does not match the official code: {entry.key} must have the "
                f"shape {expected} to match the other weights. Received: "
                f"{state.weights[entry.key].shape}"
            )
    for path, array in to_ours(table, state.weights, shapes):
        variables[path].assign(array)


def _official_shape(entry: Entry, shape: tuple[int, ...]) -> tuple[int, ...]:
    shape = shape if entry.head is None else shape[1:]
    return entry.layout.to_official(np.broadcast_to(np.float32(0), shape)).shape


def take_weights(network: Any, table: Table) -> dict[str, np.ndarray]:
    """Returns the official state dict of a network: official key → array."""
    return to_official(table, {v.path: v.numpy() for v in network.weights})


def is_state_dict(value: Any) -> bool:
    """Whether a value is a state dict, a nonempty mapping from names to arrays."""
    return (
        isinstance(value, Mapping)
        and bool(value)
        and all(isinstance(array, np.ndarray) for array in value.values())
    )


def without_prefix(state: StateDict) -> StateDict:
    """Removes the prefix `module.` of DataParallel from the keys of a state dict."""
    if not all(key.startswith("module.") for key in state):
        return state
    return {key.removeprefix("module."): array for key, array in state.items()}
