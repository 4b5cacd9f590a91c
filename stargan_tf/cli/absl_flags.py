"""Flags of the commands that are still declared with absl."""

import shutil
import textwrap
from types import ModuleType
from typing import TYPE_CHECKING, Any

from absl import flags

from stargan_tf.cli.command import at_home, underscored
from stargan_tf.data.info import check_image_size
from stargan_tf.data.options import CROP, CROP_SIZE_HELP, STRETCH, DatasetOptions
from stargan_tf.errors import InputError

if TYPE_CHECKING:
    from stargan_tf.evaluation.job import DataChoice

DATA = "Data"
ACCEPT_CHANGED_DATA = "accept_changed_data"
# Of a model whose image size is known.
DATA_FLAGS = (
    "dataset",
    "data_dir",
    "labels",
    "attributes",
    "image_size",
    "crop_size",
    "held_out",
    "one_hot",
    "fit",
    ACCEPT_CHANGED_DATA,
)


def define_data_flags(flag_values: flags.FlagValues, known: tuple[str, ...] = ()):
    """Declares the flags.

    Args:
        flag_values: where to.
        known: names that the command has declared itself.
    """
    where = {"flag_values": flag_values, "module_name": DATA}
    declared = (
        (flags.DEFINE_string, "data_dir", None, "Folder with the images."),
        (flags.DEFINE_string, "labels", None, "Attribute file, for attributes."),
        (flags.DEFINE_list, "attributes", [], "Choice of attributes, A,B,…; else all."),
        (
            *(flags.DEFINE_integer, "image_size", 128),
            "Side of the square images in pixels, a multiple of 4.",
        ),
        (
            *(flags.DEFINE_integer, "crop_size", None),
            f"{CROP_SIZE_HELP} By default --fit decides.",
        ),
        (flags.DEFINE_float, "held_out", 0.1, "Share of images kept from training."),
        (
            *(flags.DEFINE_boolean, "one_hot", False),
            "Make domains of attributes, as StarGAN v2 takes them.",
        ),
    )
    for define, name, default, text in declared:
        if name not in known:
            define(name, default, text, **where)
    text = f"How a picture becomes a square: {CROP} its centre, {STRETCH} all of it."
    flags.DEFINE_enum("fit", CROP, [CROP, STRETCH], text, **where)


def data_options(flag_values: flags.FlagValues) -> dict[str, Any]:
    """The parsed flags as keyword arguments of `DatasetOptions`.

    Args:
        flag_values: as `define_data_flags` made them.

    Raises:
        InputError: if one is out of range.
    """
    check_image_size(flag_values.image_size)
    if not 0.0 < flag_values.held_out < 1.0:
        raise InputError(
            "held_out must be a share between 0 and 1, such as 0.1. "
            f"Received: {flag_values.held_out}"
        )
    names = ("data_dir", "labels", "crop_size", "held_out", "fit", "one_hot")
    options = {name: flag_values[name].value for name in names}
    stripped = (name.strip() for name in flag_values.attributes)
    options["attributes"] = tuple(name for name in stripped if name)
    DatasetOptions(**options)  # Says what is wrong before a long search begins.
    return options


def define_known_data_flags(flag_values: flags.FlagValues) -> None:
    """Declares the flags for the data of a model, whose image size is known.

    Args:
        flag_values: where to.
    """
    data = {"flag_values": flag_values, "module_name": DATA}
    flags.DEFINE_string("dataset", None, "Data set; else the run's own.", **data)
    flags.DEFINE_integer("image_size", None, "As the model's; not needed.", **data)
    define_data_flags(flag_values, ("image_size",))
    define_accept_changed_data(flag_values)


def define_accept_changed_data(flag_values: flags.FlagValues) -> None:
    """Declares `--accept_changed_data`.

    Args:
        flag_values: where to.
    """
    flags.DEFINE_boolean(
        ACCEPT_CHANGED_DATA,
        False,
        "Use the data although it is not what the model was trained on.",
        flag_values=flag_values,
        module_name=DATA,
    )


def given_data_options(
    flag_values: flags.FlagValues, image_size: int
) -> dict[str, Any]:
    """The data flags on the command line, checked; those not given are left out.

    Args:
        flag_values: as `define_known_data_flags` made them.
        image_size: the model's.

    Raises:
        InputError: if one is out of range, or another image size is given.
    """
    if flag_values.image_size not in (None, image_size):
        raise InputError(
            f"The model takes images of {image_size} pixels. "
            f"Received: --image_size {flag_values.image_size}. Leave it out."
        )
    flag_values.image_size = image_size
    options = data_options(flag_values)
    return {name: v for name, v in options.items() if flag_values[name].present}


def data_choice(flag_values: flags.FlagValues, image_size: int) -> "DataChoice":
    """What the user said about the data of a model.

    Args:
        flag_values: as `define_known_data_flags` made them.
        image_size: the model's.

    Raises:
        InputError: see `given_data_options`.
    """
    from stargan_tf.evaluation.job import DataChoice

    options = given_data_options(flag_values, image_size)
    return DataChoice(
        flag_values.dataset, options, flag_values[ACCEPT_CHANGED_DATA].value
    )


FLAG = "mask_provider"
TRUST = "trust_code"


def define_masks(flag_values: flags.FlagValues, module_name: str) -> None:
    """Declares `--mask_provider`.

    Args:
        flag_values: where to declare it.
        module_name: the heading in the help.
    """
    flags.DEFINE_string(
        FLAG,
        None,
        "Models with high-pass skips: MODULE:FUNCTION or FILE.py:FUNCTION that makes "
        f"masks of images. By default the run's own, which needs --{TRUST}.",
        flag_values=flag_values,
        module_name=module_name,
    )


def define_trust(flag_values: flags.FlagValues, module_name: str) -> None:
    """Declares `--trust_code`.

    Args:
        flag_values: where to declare it.
        module_name: the heading in the help.
    """
    flags.DEFINE_bool(
        TRUST,
        False,
        "Import the functions that the run's configuration names. This runs code: use "
        "it for your own runs, or those of people you trust.",
        flag_values=flag_values,
        module_name=module_name,
    )


def given_code(flag_values: flags.FlagValues) -> dict[str, Any]:
    """What `load_model` is told about code.

    Args:
        flag_values: with both flags.
    """
    return {name: flag_values[name].value for name in (FLAG, TRUST)}


def check_masks(name: str | None, model: Any) -> None:
    """Refuses a model that needs masks and has none, and masks that it does not need.

    Args:
        name: `--mask_provider`, or None.
        model: an opened model.

    Raises:
        InputError: in these two cases.
    """
    high_pass = getattr(model, "high_pass", 0)
    if high_pass and model.mask_provider is None:
        raise InputError(
            f"This model has high-pass skips (high_pass={high_pass}) and needs masks, "
            f"and its run names no source of them. Pass --{FLAG} MODULE:FUNCTION."
        )
    if name and not high_pass:
        raise InputError(
            f"This model has no high-pass skips and takes no masks. Drop --{FLAG}."
        )


INDENT = "  "


def command_help(command: ModuleType, flag_values: flags.FlagValues) -> str:
    """Usage and flags of one command, under the headings given by `module_name`.

    Args:
        command: the command's module.
        flag_values: holds its declared flags.

    Returns:
        The text to print.
    """
    blocks = [command.SUMMARY, f"usage: {command.USAGE}"]
    for heading, group in flag_values.flags_by_module_dict().items():
        lines = [_flag_help(flag) for flag in group]
        blocks.append("\n".join([f"{heading}:", *lines]))
    return "\n\n".join(blocks)


def _flag_help(flag: flags.Flag) -> str:
    name = f"--[no]{flag.name}" if flag.boolean else f"--{flag.name}"
    default = "" if flag.default in (None, []) else f" (default {flag.default})"
    # Under 70 columns the text column would be too narrow to read.
    width = max(70, min(100, shutil.get_terminal_size().columns))
    text = textwrap.wrap(f"{flag.help}{default}", width - 30)
    head = f"{INDENT}{name:<26}"
    first = [head + text[0]] if len(head) <= 28 else [head, " " * 28 + text[0]]
    return "\n".join([*first, *(" " * 28 + line for line in text[1:])])


def run_command(command: ModuleType, name: str, arguments: list[str]) -> int:
    """Runs a command whose flags are declared with absl."""
    flag_values = flags.FlagValues()
    flag_values.set_gnu_getopt(True)
    command.define_flags(flag_values)
    if "--help" in arguments or "-h" in arguments:
        print(command_help(command, flag_values))
        return 0
    arguments = [underscored(at_home(argument)) for argument in arguments]
    positionals = flag_values([f"stargan-tf {name}", *arguments])[1:]
    return command.run(flag_values, positionals) or 0
