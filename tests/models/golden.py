"""The official code's numbers, and its weights in our networks."""

import json
from pathlib import Path

import numpy as np

from tests.goldens.reference_weights import reference_array, reference_state_dict

FOLDER = Path(__file__).parents[1] / "goldens"


class Golden:
    """One golden file: what the official code computed from seeded weights."""

    def __init__(self, name):
        self.json = json.loads((FOLDER / f"{name}.json").read_text())
        with np.load(FOLDER / f"{name}.npz") as arrays:
            self.arrays = dict(arrays)

    def image(self, name, batch, size):
        return nhwc(reference_array(name, (batch, 3, size, size), self.json["seed"]))

    def load(self, network, keys):
        """Puts the reference weights into a network, in the order of the keys."""
        state = reference_state_dict(keys, self.json["seed"])
        for variable, value in zip(in_order(network), state.values(), strict=True):
            variable.assign(to_keras(value))


def in_order(network):
    """The weights as the official checkpoints list them: both heads last."""
    heads = {"patches": 1, "classes": 2}
    return sorted(network.weights, key=lambda w: heads.get(w.path.split("/")[-2], 0))


def to_keras(value):
    """PyTorch's kernel layout (OIHW, or IOHW transposed) as Keras' (HWIO, HWOI)."""
    return value.transpose(2, 3, 1, 0) if value.ndim == 4 else value


def nhwc(array):
    return array.transpose(0, 2, 3, 1)
