"""A Keras generator's weights in the peer's networks, so that both draw the same."""

import re

import numpy as np
import torch

# Our layers of StarGAN v2 → the peer's; {0} is a number.
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
    """Both list their weights from the input to the output.

    Args:
        network: the peer's generator.
        arrays: path of the variable → value, in our order.
    """
    with torch.no_grad():
        pairs = zip(network.parameters(), arrays.values(), strict=True)
        for parameter, array in pairs:
            parameter.copy_(_transposed(array))


def load_v2(network: torch.nn.Module, arrays: dict[str, np.ndarray]) -> None:
    """By name; what the peer has and does not use stays as it is.

    Args:
        network: the peer's generator.
        arrays: path of the variable → value.
    """
    down = sum(bool(re.search(r"down_\d+/conv_1/kernel", path)) for path in arrays)
    state = {_name(path, down): _transposed(array) for path, array in arrays.items()}
    missing, unknown = network.load_state_dict(state, strict=False)
    if unknown or any("narrow" not in name for name in missing):
        raise ValueError(f"Weights do not fit: {missing} lack, {unknown} are unknown.")


def _name(path: str, down: int) -> str:
    """`down_1/conv_1/kernel` → `encode.0.first.weight`."""
    layer, *rest, value = path.split("/")
    if layer in EDGES:
        return f"{EDGES[layer]}.{VALUES[value]}"
    kind, number = layer.rsplit("_", 1)
    place = int(number) - 1
    block = BLOCKS[kind].format(place, down + place, 2 + place)
    return f"{block}.{LAYERS['/'.join(rest)]}.{VALUES[value]}"


def _transposed(array: np.ndarray) -> torch.Tensor:
    """Keras' (height, width, in, out) or (in, out) → PyTorch's (out, in, …)."""
    axes = {4: (3, 2, 0, 1), 2: (1, 0), 1: (0,)}[array.ndim]
    return torch.from_numpy(np.ascontiguousarray(array.transpose(axes)))
