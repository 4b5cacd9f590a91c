"""StarGAN v1's checkpoints: `{step}-G.ckpt` and `{step}-D.ckpt`, weights only."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from stargan_tf.convert import table_v1
from stargan_tf.convert.found import Part, Sizes, State, is_state, without_prefix
from stargan_tf.convert.table import Table
from stargan_tf.data.info import BINARY
from stargan_tf.errors import InputError

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
        GENERATOR: table_v1.generator(
            options["base_filters"], options["num_residual_blocks"]
        )
    }
    if "discriminator_layers" in options:
        found[DISCRIMINATOR] = table_v1.discriminator(options["discriminator_layers"])
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
