"""Flags shared by several commands: which data to open, and which code to run."""

import argparse
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from stargan_tf.cli.command import CommandParser, Switch, number
from stargan_tf.data.info import checked_size, size_text
from stargan_tf.data.intensity import (
    AVERAGED,
    INTENSITY_HELP,
    INVALID_HELP,
    PLANE_HELP,
    PLANES,
)
from stargan_tf.data.options import (
    CHANNELS_HELP,
    CROP,
    CROP_SIZE_HELP,
    STRETCH,
    DatasetOptions,
)
from stargan_tf.errors import InputError

if TYPE_CHECKING:
    from stargan_tf.evaluation.job import DataChoice

DATA = "Data"
MODEL_HELP = (
    "Model: a run folder, the folder of a checkpoint or preset, a .keras file, a URL "
    "such as hf://user/model, or the name of a model that comes with the package."
)
GROUP_HELP = (
    "Regular expression for the group in an image's path, such as (patient_[0-9]+)/: "
    "the text in parentheses is the group's name."
)
_OPTIONS = tuple(field.name for field in fields(DatasetOptions))
# The flags of a command that opens the data of a model.
DATA_FLAGS = ("dataset", "image_size", "accept_changed_data", *_OPTIONS)


def add_data_arguments(parser: CommandParser) -> None:
    """Adds the flags that open a data set, and `--image_size`."""
    group = parser.add_argument_group(DATA)
    help = "Side of the square images in pixels, or HEIGHT,WIDTH; multiples of 4."
    group.add_argument("--image_size", type=_size, default=128, help=help)
    _add_options(group)


def add_model_data_arguments(parser: CommandParser) -> None:
    """Adds the flags that select the data for a model."""
    group = parser.add_argument_group(DATA)
    group.add_argument(
        "--dataset",
        metavar="NAME",
        help="Name of the data set. [the one the model was trained on]",
    )
    # A flag of earlier versions; only the model's own size is accepted.
    group.add_argument("--image_size", type=_size, help=argparse.SUPPRESS)
    _add_options(group)
    add_accept_changed_data(group)


def _add_options(group: Any) -> None:
    # No defaults: flags that are not given are as in training.
    add = group.add_argument
    add("--data_dir", metavar="DIR", help="Folder with the images.")
    add("--labels", metavar="FILE", help="Attribute file, for --dataset attributes.")
    help = "Attributes to use: NAME[,NAME]. [all]"
    add("--attributes", type=_names, metavar="NAMES", help=help)
    help = f"{CROP_SIZE_HELP} [depends on --fit]"
    add("--crop_size", type=number(int, 1), help=help)
    add(
        "--held_out",
        type=float,
        help="Fraction of images held out from training. [0.1]",
    )
    help = "Turn each image's attributes into one domain, for models of domains."
    add("--one_hot", action=Switch, help=help)
    help = (
        f"How to make images square: {CROP} the center, or {STRETCH} the whole image. "
        "[as in training]"
    )
    add("--fit", choices=[CROP, STRETCH], help=help)
    add("--num_channels", type=number(int, 1), metavar="COUNT", help=CHANNELS_HELP)
    help = f"For measured images. {INTENSITY_HELP}".replace("%", "%%")
    add("--intensity", metavar="HOW", help=help)
    add("--invalid_value", metavar="VALUE", help=INVALID_HELP)
    add("--plane", choices=[*PLANES, AVERAGED], help=f"{PLANE_HELP} [z]")


def _size(text: str) -> int | tuple[int, ...]:
    try:
        sides = [int(side) for side in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"must be a whole number, or HEIGHT,WIDTH. Received: {text}"
        ) from None
    return sides[0] if len(sides) == 1 else tuple(sides)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def add_accept_changed_data(group: Any) -> None:
    """Adds `--accept_changed_data` to the parser, or to a group of its arguments."""
    help = "Accept data that differ from the model's training data."
    group.add_argument("--accept_changed_data", action=Switch, help=help)


def add_mask_provider(group: Any) -> None:
    """Adds `--mask_provider` to the parser, or to a group of its arguments."""
    group.add_argument(
        "--mask_provider",
        metavar="NAME",
        help="For models with high-pass skips, masks of images: the folder of an "
        "imported landmark network, wing.ckpt, an installed provider such as "
        "mediapipe, or a function, as MODULE:FUNCTION or FILE.py:FUNCTION. [the "
        "run's; a function needs --trust_code]",
    )


def add_trust_code(group: Any) -> None:
    """Adds `--trust_code` to the parser, or to a group of its arguments."""
    group.add_argument(
        "--trust_code",
        action=Switch,
        default=False,
        help="Import the functions that the run's configuration names. This executes "
        "code: use it only for your own runs and those of people you trust.",
    )


def data_options(args: argparse.Namespace) -> dict[str, Any]:
    """The data flags that were given, as keyword arguments of `DatasetOptions`."""
    if args.image_size is not None:
        args.image_size = checked_size(args.image_size)
    given = vars(args)
    options = {name: given[name] for name in _OPTIONS if given[name] is not None}
    DatasetOptions(**options)  # Reports mistakes before a long search begins.
    return options


def data_choice(args: argparse.Namespace, image_size: Any) -> "DataChoice":
    """The data that the flags select for a model."""
    from stargan_tf.evaluation.job import DataChoice

    if args.image_size and checked_size(args.image_size) != checked_size(image_size):
        raise InputError(
            f"The model takes images of {size_text(image_size)}. "
            f"Received: --image_size {args.image_size}. Drop the flag."
        )
    accepted = bool(args.accept_changed_data)
    return DataChoice(args.dataset, data_options(args), accepted)


def given_code(args: argparse.Namespace) -> dict[str, Any]:
    """The arguments of `load_model` that `--mask_provider` and `--trust_code` give."""
    return {"mask_provider": args.mask_provider, "trust_code": args.trust_code}


def check_masks(name: str | None, model: Any) -> None:
    """Raises `InputError` if a model lacks masks, or does not use the given ones.

    Args:
        name: `--mask_provider`, or None.
    """
    high_pass = getattr(model, "high_pass", 0)
    if high_pass and model.mask_provider is None:
        raise InputError(
            f"This model has high-pass skips (high_pass={high_pass}) and needs masks, "
            "but its run names nothing that computes them. Pass --mask_provider NAME, "
            "such as the folder of an imported landmark network."
        )
    if name and not high_pass:
        raise InputError(
            "This model has no high-pass skips, so it takes no masks. Drop "
            "--mask_provider."
        )
