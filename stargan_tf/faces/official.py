"""The official landmark network: `wing.ckpt`, and `fan` in StarGAN v2's files."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from stargan_tf.convert.files import nested
from stargan_tf.convert.mapping import (
    KERNEL,
    Entry,
    NetworkState,
    Table,
    is_state_dict,
    without_prefix,
)

DEPTH = 4
# Keys under which files hold the network: with other networks, or alone.
_ENTRIES = ("fan", "state_dict")
# A weight that only this network has.
_MARK = "m0.coordconv.conv.weight"
# Counters of batch normalization that are used only in training.
_UNUSED = "num_batches_tracked"
# Batch normalization: our name → official name.
_NORM = {
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


def _lines() -> Iterator[Entry]:
    yield from _convolution("conv1.conv", "stem")
    yield from _norm("bn1", "stem_norm")
    yield from _block("conv2", "block_1", has_shortcut=True)
    yield from _block("conv3", "block_2")
    yield from _block("conv4", "block_3", has_shortcut=True)
    yield from _convolution("m0.coordconv.conv", "hourglass")
    for level in range(DEPTH, 0, -1):
        for theirs, ours in (("b1", "skip"), ("b2", "down"), ("b3", "up")):
            yield from _block(f"m0.{theirs}_{level}", f"{ours}_{level}")
    yield from _block("m0.b2_plus_1", "bottom")
    yield from _block("top_m_0", "top")
    yield from _convolution("conv_last0", "last")
    yield from _norm("bn_end0", "last_norm")
    yield from _convolution("l0", "heat_maps")


def _block(key: str, path: str, has_shortcut: bool = False) -> Iterator[Entry]:
    for i in (1, 2, 3):
        yield from _norm(f"{key}.bn{i}", f"{path}/norm_{i}")
        yield Entry(f"{key}.conv{i}.weight", f"{path}/conv_{i}/kernel", KERNEL)
    if has_shortcut:
        yield from _norm(f"{key}.downsample.0", f"{path}/norm_shortcut")
        path = f"{path}/conv_shortcut/kernel"
        yield Entry(f"{key}.downsample.2.weight", path, KERNEL)


def _convolution(key: str, path: str) -> Iterator[Entry]:
    yield Entry(f"{key}.weight", f"{path}/kernel", KERNEL)
    yield Entry(f"{key}.bias", f"{path}/bias")


def _norm(key: str, path: str) -> Iterator[Entry]:
    for ours, theirs in _NORM.items():
        yield Entry(f"{key}.{theirs}", f"{path}/{ours}")


TABLE: Table = tuple(_lines())


def find_landmarks(path: Path, content: Mapping[str, Any]) -> NetworkState | None:
    """Returns the weights of the landmark network in a file, or None.

    Args:
        path: path of the file.
        content: content of the file, from `read_checkpoint`.
    """
    entries = nested(content, _ENTRIES)
    for state in (entries, *(entries.get(name) for name in _ENTRIES)):
        weights = without_prefix(state) if is_state_dict(state) else {}
        if _MARK in weights:
            used = {k: array for k, array in weights.items() if _UNUSED not in k}
            return NetworkState(path, "landmark network", used)
    return None
