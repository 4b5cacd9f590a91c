"""The flags by which a command opens a data set; named as those of `train`."""

from typing import Any

from absl import flags

from stargan_tf.data.dataset_options import DatasetOptions
from stargan_tf.data.fit import CROP, CROP_SIZE_HELP, STRETCH
from stargan_tf.data.info import check_image_size
from stargan_tf.errors import InputError

DATA = "Data"


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
