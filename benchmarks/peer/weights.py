"""Loads the weights of a Keras generator into the PyTorch network."""

import re

import numpy as np
import torch

# Layers of StarGAN v2 in Keras → in PyTorch; {0}, {1}, and {2} are numbers.
BLOCKS = {
    "down": "encode.{0}",
    "bottleneck": "encode.{1}",
    "styled": "decode.{0}",
    "up": "decode.{2}",
}
LAYERS = {
    "conv_1": "first",
    "conv_2": "second",
    "shortcut": "narrow",
    "norm_1/affine": "norm_1.affine",
    "norm_2/affine": "norm_2.affine",
    "norm_1": "norms.0",
    "norm_2": "norms.1",
}
EDGES = {"from_rgb": "from_rgb", "to_rgb_norm": "to_rgb.0", "to_rgb": "to_rgb.2"}
VALUES = {"kernel": "weight", "bias": "bias", "gamma": "weight", "beta": "bias"}


def load_v1(network: torch.nn.Module, arrays: dict[str, np.ndarray]) -> None:
    """Loads the weights of StarGAN v1, by the order of the layers.

    Args:
        network: the PyTorch generator.
        arrays: {path of the variable: value} in the order of the Keras layers.
    """
    with torch.no_grad():
        pairs = zip(network.parameters(), arrays.values(), strict=True)
        for parameter, array in pairs:
            parameter.copy_(_transposed(array))


def load_v2(network: torch.nn.Module, arrays: dict[str, np.ndarray]) -> None:
    """Loads the weights of StarGAN v2 by name; skips shortcuts that are not used.

    Args:
        network: the PyTorch generator.
        arrays: {path of the variable: value}.
    """
    down = sum(bool(re.search(r"down_\d+/conv_1/kernel", path)) for path in arrays)
    state = {_name(path, down): _transposed(array) for path, array in arrays.items()}
    missing, unknown = network.load_state_dict(state, strict=False)
    if unknown or any("narrow" not in name for name in missing):
        raise ValueError(f"Missing weights: {missing}. Unknown weights: {unknown}.")


def _name(path: str, down: int) -> str:
    """Maps `down_1/conv_1/kernel` to `encode.0.first.weight`."""
    layer, *rest, value = path.split("/")
    if layer in EDGES:
        return f"{EDGES[layer]}.{VALUES[value]}"
    block_type, number = layer.rsplit("_", 1)
    place = int(number) - 1
    block = BLOCKS[block_type].format(place, down + place, 2 + place)
    return f"{block}.{LAYERS['/'.join(rest)]}.{VALUES[value]}"


def _transposed(array: np.ndarray) -> torch.Tensor:
    """Transposes (height, width, in, out) or (in, out) to PyTorch's (out, in, …)."""
    axes = {4: (3, 2, 0, 1), 2: (1, 0), 1: (0,)}[array.ndim]
    return torch.from_numpy(np.ascontiguousarray(array.transpose(axes)))
