"""The flags by which a command opens a data set; named as those of `train`."""

from typing import TYPE_CHECKING, Any

from absl import flags

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
