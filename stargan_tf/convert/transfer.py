"""Official weights into a network, and out of it."""

from typing import Any

import numpy as np

from stargan_tf.convert.found import Part, check_shape
from stargan_tf.convert.table import (
    Table,
    entries,
    official_shape,
    to_official,
    to_ours,
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
