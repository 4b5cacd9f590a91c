"""The state of PyTorch's Adam ↔ that of `TorchAdam`."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from stargan_tf.convert.mapping import Table, entries, to_official, to_ours
from stargan_tf.errors import InputError
from stargan_tf.optimizers import TorchAdam
from stargan_tf.private_interfaces import has_fixed_rate, moments

# In the order of `moments`.
SLOTS = MEAN, SQUARE = "exp_avg", "exp_avg_sq"


def put_moments(
    optimizer: Any, network: Any, table: Table, state_dict: Mapping[str, Any]
) -> None:
    """Gives an optimizer the moments that PyTorch's had.

    Args:
        optimizer: a built `TorchAdam` of the network.
        network: the Keras model.
        table: of the network.
        state_dict: of PyTorch's optimizer, with arrays.

    Raises:
        InputError: if it is not of this network.
    """
    keys = [entry.key for entry in entries(table)]
    known = {keys[i]: s for i, s in state_dict["state"].items() if i < len(keys)}
    variables = {v.path: v for v in network.trainable_variables}
    shapes = {path: tuple(v.shape) for path, v in variables.items()}
    for place, name in enumerate(SLOTS):
        arrays = {key: state[name] for key, state in known.items()}
        for path, array in to_ours(table, arrays, shapes):
            if path in variables:
                _assign(moments(optimizer, variables[path])[place], array, network)
    steps = [int(state["step"]) for state in known.values()]
    optimizer.iterations.assign(max(steps, default=0))


def _assign(target: Any, array: np.ndarray, network: Any) -> None:
    if tuple(target.shape) != array.shape:
        raise InputError(
            f"The optimizer's state is not of this {network.name}: a moment has the "
            f"shape {array.shape}, its weight {tuple(target.shape)}."
        )
    target.assign(array)


def is_ours(optimizer: Any) -> bool:
    """Whether an optimizer can be written as PyTorch's Adam, its rate included."""
    return isinstance(optimizer, TorchAdam) and has_fixed_rate(optimizer)


def take_moments(optimizer: Any, network: Any, table: Table) -> dict[str, Any]:
    """The state dict that PyTorch's Adam would have; see `put_moments`.

    Args:
        optimizer: a built `TorchAdam` of the network.
        network: the Keras model.
        table: of the network.

    Returns:
        `{"state": …, "param_groups": …}` with arrays. Weights that nothing trains
        have no state, as in PyTorch.
    """
    variables = network.trainable_variables
    means, squares = (
        to_official(
            table, {v.path: moments(optimizer, v)[place].numpy() for v in variables}
        )
        for place in range(len(SLOTS))
    )
    keys = [entry.key for entry in entries(table)]
    step = np.array(optimizer.iterations.numpy(), np.float32)
    state = {
        i: {"step": step, MEAN: means[key], SQUARE: squares[key]}
        for i, key in enumerate(keys)
        if key in means
    }
    return {"state": state, "param_groups": [_group(optimizer, len(keys))]}


def _group(optimizer: Any, count: int) -> dict[str, Any]:
    return {
        "lr": float(optimizer.learning_rate),
        "betas": (float(optimizer.beta_1), float(optimizer.beta_2)),
        "eps": float(optimizer.epsilon),
        "weight_decay": float(optimizer.l2),
        "amsgrad": False,
        "params": list(range(count)),
    }
