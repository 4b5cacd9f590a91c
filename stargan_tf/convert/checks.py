"""What the user says of a checkpoint against what its shapes tell."""

from collections.abc import Mapping
from typing import Any

from stargan_tf.convert.found import Found
from stargan_tf.errors import InputError


def apply_given(found: Found, given: Mapping[str, Any]) -> None:
    """Checks options against the checkpoint, and takes those it is silent on.

    Args:
        found: the checkpoint; its sizes are completed.
        given: option name → value, as `stargan-tf train` calls them.

    Raises:
        InputError: naming the option that differs.
    """
    sizes = found.sizes
    for name, value in given.items():
        if name in sizes.silent:
            _take(found, name, value)
        elif name == "image_size" and value != sizes.image_size:
            raise InputError(
                f"The checkpoint is for {sizes.image_size} px, --image_size says "
                f"{value}. Leave it out, or give a checkpoint for {value} px."
            )
        elif name != "image_size" and value != sizes.options.get(name):
            raise InputError(_difference(found, name, value))


def _take(found: Found, name: str, value: Any) -> None:
    if name == "image_size":
        found.sizes.image_size = value
    else:
        found.sizes.options[name] = value


def _difference(found: Found, name: str, value: Any) -> str:
    if name not in found.sizes.options:
        return (
            f"The checkpoint is of a {found.family} model, which has no --{name}. "
            f"Received: {value}. Leave it out."
        )
    return (
        f"The checkpoint has {name}={found.sizes.options[name]}, --{name} says "
        f"{value}. Leave it out."
    )
