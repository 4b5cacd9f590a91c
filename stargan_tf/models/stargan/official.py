"""Official checkpoints, yunjey/stargan: `{step}-G.ckpt`, `{step}-D.ckpt` (weights)."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from stargan_tf.convert.mapping import (
    KERNEL,
    Constant,
    Entry,
    NetworkState,
    OfficialCode,
    Sizes,
    StateDict,
    Table,
    is_state_dict,
    without_prefix,
)
from stargan_tf.data.info import BINARY
from stargan_tf.errors import InputError

DOWNS = UPS = 2


def generator(base_filters: int, num_residual_blocks: int) -> Table:
    """Returns the table of the generator's weights."""
    # Index in the official nn.Sequential; activations have an index too.
    number, filters = 0, base_filters
    lines = [*_normalized(0, 1, "main", "stem", "stem_norm", filters)]
    for i in range(1, DOWNS + 1):
        number, filters = number + 3, filters * 2
        name = f"down_{i}"
        lines += _normalized(number, number + 1, "main", name, f"{name}_norm", filters)
    number += 3
    for i in range(num_residual_blocks):
        inner, ours = f"main.{number}.main", f"residual_{i + 1}"
        lines += _normalized(0, 1, inner, f"{ours}/conv_1", f"{ours}/norm_1", filters)
        lines += _normalized(3, 4, inner, f"{ours}/conv_2", f"{ours}/norm_2", filters)
        number += 1
    for i in range(1, UPS + 1):
        name, filters = f"up_{i}", filters // 2
        lines += _normalized(number, number + 1, "main", name, f"{name}_norm", filters)
        number += 3
    return (*lines, Entry(f"main.{number}.weight", "to_rgb/kernel", KERNEL))


def discriminator(num_layers: int) -> Table:
    """Returns the table of the discriminator's weights."""
    lines = []
    for i in range(num_layers):
        lines.append(Entry(f"main.{2 * i}.weight", f"halve_{i + 1}/kernel", KERNEL))
        lines.append(Entry(f"main.{2 * i}.bias", f"halve_{i + 1}/bias"))
    lines.append(Entry("conv1.weight", "patches/kernel", KERNEL))
    lines.append(Entry("conv2.weight", "classes/kernel", KERNEL))
    return tuple(lines)


def _normalized(
    convolution: int, norm: int, prefix: str, ours: str, our_norm: str, filters: int
) -> Iterator[Entry | Constant]:
    """Entries of a convolution without bias and its instance normalization.

    The official layer also has running statistics that the official code never uses:
    the import drops them, and the export writes their initial values.
    """
    yield Entry(f"{prefix}.{convolution}.weight", f"{ours}/kernel", KERNEL)
    yield Entry(f"{prefix}.{norm}.weight", f"{our_norm}/gamma")
    yield Entry(f"{prefix}.{norm}.bias", f"{our_norm}/beta")
    yield Constant(f"{prefix}.{norm}.running_mean", np.zeros(filters, np.float32))
    yield Constant(f"{prefix}.{norm}.running_var", np.ones(filters, np.float32))
    yield Constant(f"{prefix}.{norm}.num_batches_tracked", np.zeros((), np.int64))


GENERATOR, DISCRIMINATOR = "generator", "discriminator"
# For a generator without a discriminator, which accepts any size: that of the paper.
DEFAULT_IMAGE_SIZE = 128


def _find_networks(path: Path, content: Mapping[str, Any]) -> dict[str, NetworkState]:
    """Returns the network in a file; a file of this code has only one."""
    if not is_state_dict(content):
        return {}
    weights = without_prefix(content)
    kernel = weights.get("main.0.weight")
    if kernel is None or kernel.ndim != 4:
        return {}
    if {"conv1.weight", "conv2.weight"} <= weights.keys():
        name, is_official = DISCRIMINATOR, kernel.shape[1:] == (3, 4, 4)
    else:
        name, is_official = GENERATOR, kernel.shape[2:] == (7, 7)
    return {name: NetworkState(path, name, weights)} if is_official else {}


def _sizes(networks: Mapping[str, NetworkState]) -> Sizes:
    if GENERATOR not in networks:
        raise InputError(
            "Expected a generator. Received: only the discriminator "
            f"{networks[DISCRIMINATOR]}. Pass the generator's file ({{step}}-G.ckpt) "
            "too."
        )
    weights = networks[GENERATOR].weights
    base, channels = weights["main.0.weight"].shape[:2]
    label_width = channels - 3
    options = {
        "base_filters": base,
        "num_residual_blocks": sum(key.endswith(".main.0.weight") for key in weights),
    }
    if DISCRIMINATOR not in networks:
        return Sizes(
            DEFAULT_IMAGE_SIZE,
            options,
            label_width,
            mask_width=None,
            is_size_known=False,
        )
    weights = networks[DISCRIMINATOR].weights
    layers = sum(key.startswith("main.") and key.endswith("weight") for key in weights)
    classes, _, side, _ = weights["conv2.weight"].shape
    masks = label_width - classes
    if masks < 0 or masks == 1:
        raise InputError(
            "Expected a generator and a discriminator of the same training run. "
            f"Received: {networks[GENERATOR]} with {label_width} labels and "
            f"{networks[DISCRIMINATOR]} with {classes}. Pass two files of one run."
        )
    options["discriminator_filters"] = weights["main.0.weight"].shape[0]
    options["discriminator_layers"] = layers
    return Sizes(side * 2**layers, options, label_width, masks)


def _tables(sizes: Sizes) -> dict[str, Table]:
    options = sizes.options
    blocks = options["num_residual_blocks"]
    tables = {GENERATOR: generator(options["base_filters"], blocks)}
    if "discriminator_layers" in options:
        tables[DISCRIMINATOR] = discriminator(options["discriminator_layers"])
    return tables


def _files(
    states: Mapping[str, StateDict], moments: Mapping[str, Any], step: int
) -> Iterator[tuple[str, StateDict]]:
    yield f"{step}-G.ckpt", states[GENERATOR]
    yield f"{step}-D.ckpt", states[DISCRIMINATOR]


OFFICIAL = OfficialCode(
    repository="yunjey/stargan",
    file_names="one {step}-G.ckpt and one {step}-D.ckpt",
    label_type=BINARY,
    networks=(GENERATOR, DISCRIMINATOR),
    find_networks=_find_networks,
    find_moments=lambda content: {},  # The official code saves no optimizer state.
    sizes=_sizes,
    tables=_tables,
    architecture={
        "output": "image",
        "conditioning": "input",
        "upsampling": "transposed",
        "skips": False,
        "separate_classifier": False,
        "ema_decay": 0.0,
        "multi_task": False,
        "projection": False,
    },
    files=_files,
)
