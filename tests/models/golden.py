"""The official code's numbers, and its weights in our networks."""

import json
from pathlib import Path

import numpy as np

from stargan_tf.convert.mapping import NetworkState, Sizes, entries, put_weights
from stargan_tf.models.stargan.official import OFFICIAL as official_v1
from stargan_tf.models.stargan_v2.official import OFFICIAL as official_v2
from tests.goldens.reference_weights import reference_array, reference_state_dict

FOLDER = Path(__file__).parents[1] / "goldens"
V1_OPTIONS = {
    "base_filters": "g_conv_dim",
    "num_residual_blocks": "g_repeat_num",
    "discriminator_filters": "d_conv_dim",
    "discriminator_layers": "d_repeat_num",
}
V2_OPTIONS = {
    "style_dim": "style_dim",
    "latent_dim": "latent_dim",
    "max_filters": "max_conv_dim",
    "high_pass": "w_hpf",
}


class Golden:
    """One golden file: what the official code computed from seeded weights.

    `float64` are the steps' losses and gradients by `benchmarks/peer/goldens.py`, which
    do not depend on the processor.
    """

    def __init__(self, name):
        self.json = json.loads((FOLDER / f"{name}.json").read_text())
        self.float64 = json.loads((FOLDER / "float64.json").read_text())[name]
        with np.load(FOLDER / f"{name}.npz") as arrays:
            self.arrays = dict(arrays)
        is_v2 = name.startswith("v2")
        self.official = official_v2 if is_v2 else official_v1
        names = V2_OPTIONS if is_v2 else V1_OPTIONS
        self.options = {ours: self.json[theirs] for ours, theirs in names.items()}
        width = self.json["num_domains" if is_v2 else "c_dim"]
        base = {"base_filters": None} if is_v2 else {}
        self.tables = self.official.tables(
            Sizes(self.json["image_size"], {**base, **self.options}, width)
        )

    def image(self, name, batch, size):
        return nhwc(reference_array(name, (batch, 3, size, size), self.json["seed"]))

    def state(self, network):
        """The official state dict of a network, by its name."""
        return reference_state_dict(self.json[f"{network}_keys"], self.json["seed"])

    def load(self, model):
        """Puts the reference weights into all trained networks of a model."""
        for name in self.official.networks:
            state = NetworkState(FOLDER, name, self.state(name))
            put_weights(getattr(model, name), self.tables[name], state)

    def weights(self, network):
        """Official key → (our variable, index of its part) of every weight."""
        variables = {variable.path: variable for variable in network.weights}
        return {
            line.key: (variables[line.path], ... if line.head is None else line.head)
            for line in entries(self.tables[network.name])
        }


def nhwc(array):
    return array.transpose(0, 2, 3, 1)
