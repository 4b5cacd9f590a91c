"""StarGAN v1's checkpoints: `{step}-G.ckpt` and `{step}-D.ckpt`, weights only."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from stargan_tf.convert.mapping import (
    AS_IS,
    KERNEL,
    Constant,
    Entry,
    Part,
    Sizes,
    State,
    Table,
    is_state,
    without_prefix,
)
from stargan_tf.data.info import BINARY
from stargan_tf.errors import InputError

# StarGAN v1: the official keys and ours (yunjey/stargan).

DOWNS = UPS = 2


def generator(base_filters: int, num_residual_blocks: int) -> Table:
    """The generator's table.

    Args:
        base_filters: channels of the first convolution.
        num_residual_blocks: bottleneck depth.
    """
    # One number per layer of the official nn.Sequential; an activation takes one.
    number, filters = 0, base_filters
    lines = [*_normalised(0, 1, "main", "stem", "stem_norm", filters)]
    for i in range(1, DOWNS + 1):
        number, filters = number + 3, filters * 2
        name = f"down_{i}"
        lines += _normalised(number, number + 1, "main", name, f"{name}_norm", filters)
    number += 3
    for i in range(num_residual_blocks):
        inner, ours = f"main.{number}.main", f"residual_{i + 1}"
        lines += _normalised(0, 1, inner, f"{ours}/conv_1", f"{ours}/norm_1", filters)
        lines += _normalised(3, 4, inner, f"{ours}/conv_2", f"{ours}/norm_2", filters)
        number += 1
    for i in range(1, UPS + 1):
        name, filters = f"up_{i}", filters // 2
        lines += _normalised(number, number + 1, "main", name, f"{name}_norm", filters)
        number += 3
    return (*lines, Entry(f"main.{number}.weight", "to_rgb/kernel", KERNEL))


def discriminator(num_layers: int) -> Table:
    """The discriminator's table.

    Args:
        num_layers: number of halving convolutions.
    """
    halvings = [
        (
            Entry(f"main.{2 * i}.weight", f"halve_{i + 1}/kernel", KERNEL),
            Entry(f"main.{2 * i}.bias", f"halve_{i + 1}/bias", AS_IS),
        )
        for i in range(num_layers)
    ]
    return (
        *(entry for pair in halvings for entry in pair),
        Entry("conv1.weight", "patches/kernel", KERNEL),
        Entry("conv2.weight", "classes/kernel", KERNEL),
    )


def _normalised(
    convolution: int, norm: int, prefix: str, ours: str, our_norm: str, filters: int
) -> Iterator[Entry | Constant]:
    """A convolution without bias and its instance norm.

    The official norm also counts running statistics, which the official code never
    uses: they are dropped, and written as a fresh norm has them.
    """
    yield Entry(f"{prefix}.{convolution}.weight", f"{ours}/kernel", KERNEL)
    yield Entry(f"{prefix}.{norm}.weight", f"{our_norm}/gamma")
    yield Entry(f"{prefix}.{norm}.bias", f"{our_norm}/beta")
    yield Constant(f"{prefix}.{norm}.running_mean", np.zeros(filters, np.float32))
    yield Constant(f"{prefix}.{norm}.running_var", np.ones(filters, np.float32))
    yield Constant(f"{prefix}.{norm}.num_batches_tracked", np.zeros((), np.int64))


FAMILY = "stargan"
LABEL_TYPE = BINARY
GENERATOR, DISCRIMINATOR = NETWORKS = ("generator", "discriminator")
AVERAGED = ()
DEFAULT_IMAGE_SIZE = 128
_OTHER = {GENERATOR: DISCRIMINATOR, DISCRIMINATOR: GENERATOR}


def parts(path: Path, content: Mapping[str, Any]) -> list[tuple[str, Part]] | None:
    """The network in a file by name, or None if it is none of this family's.

    Args:
        path: the file.
        content: what is in it.
    """
    if not is_state(content):
        return None
    state = without_prefix(content)
    name = _recognised(state)
    return [(name, Part(path, name, state))] if name else None


def moments(content: Mapping[str, Any]) -> None:
    """The official code saves no optimizer."""


def _recognised(state: State) -> str | None:
    kernel = state.get("main.0.weight")
    if kernel is None or kernel.ndim != 4:
        return None
    if {"conv1.weight", "conv2.weight"} <= state.keys():
        return DISCRIMINATOR if kernel.shape[1:] == (3, 4, 4) else None
    return GENERATOR if kernel.shape[2:] == (7, 7) else None


def sizes(parts: Mapping[str, Part]) -> Sizes:
    """What the shapes tell.

    Args:
        parts: by network; the discriminator may be missing.

    Raises:
        InputError: without a generator, or if the two do not belong together.
    """
    if GENERATOR not in parts:
        raise InputError(
            f"{parts[DISCRIMINATOR]} alone translates nothing. Give the generator's "
            "file ({step}-G.ckpt) too."
        )
    state = parts[GENERATOR].state
    base, channels = state["main.0.weight"].shape[:2]
    options = {
        "base_filters": base,
        "num_residual_blocks": sum(key.endswith(".main.0.weight") for key in state),
    }
    if DISCRIMINATOR not in parts:
        return Sizes(
            DEFAULT_IMAGE_SIZE,
            options,
            label_width=channels - 3,
            mask_width=None,
            silent={"image_size", "discriminator_filters", "discriminator_layers"},
        )
    return _with_discriminator(parts, options, channels - 3)


def _with_discriminator(
    parts: Mapping[str, Part], options: dict[str, Any], label_width: int
) -> Sizes:
    state = parts[DISCRIMINATOR].state
    layers = sum(key.startswith("main.") and key.endswith("weight") for key in state)
    classes, _, side, _ = state["conv2.weight"].shape
    masks = label_width - classes
    if masks < 0 or masks == 1:
        raise InputError(
            f"{parts[GENERATOR]} takes {label_width} labels and {parts[DISCRIMINATOR]} "
            f"tells {classes}: they are of two different trainings."
        )
    options["discriminator_filters"] = state["main.0.weight"].shape[0]
    options["discriminator_layers"] = layers
    return Sizes(side * 2**layers, options, label_width, masks)


def tables(sizes: Sizes) -> dict[str, Table]:
    """The tables of both networks.

    Args:
        sizes: of the checkpoint.
    """
    options = sizes.options
    found = {
        GENERATOR: generator(options["base_filters"], options["num_residual_blocks"])
    }
    if "discriminator_layers" in options:
        found[DISCRIMINATOR] = discriminator(options["discriminator_layers"])
    return found


def check_exportable(options: Mapping[str, Any]) -> None:
    """Raises InputError for models that the official code cannot build.

    Args:
        options: the model's constructor arguments.
    """
    if (
        options["attention"]
        or options["conditioning"] != "input"
        or options.get("separable")
    ):
        raise InputError(
            "A model with attention, conditioning='blocks' or separable convolutions "
            "is not in the official code. Only models without them are exported as "
            "torch files."
        )


def files(
    states: Mapping[str, State], moments: Mapping[str, Any], step: int
) -> Iterator[tuple[str, State]]:
    """The official files.

    Args:
        states: by network.
        moments: none.
        step: of the checkpoint.

    Yields:
        (name, content).
    """
    yield f"{step}-G.ckpt", states[GENERATOR]
    yield f"{step}-D.ckpt", states[DISCRIMINATOR]
