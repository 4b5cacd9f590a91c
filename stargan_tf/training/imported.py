"""Code that a text names as `module:name`, imported when it is needed."""

import sys
from importlib import import_module
from typing import Any

from stargan_tf.errors import InputError


def imported(name: str) -> Any:
    """Imports our own `module:name`; what goes wrong is a defect of ours.

    Args:
        name: such as `"stargan_tf.models.stargan:StarGAN"`.
    """
    module, _, attribute = name.partition(":")
    return getattr(import_module(module), attribute)


def imported_by_user(option: str, name: str) -> Any:
    """Imports the callable that a user named; modules beside them are found too.

    Args:
        option: the option's name, for the messages.
        name: `module:name`.

    Raises:
        InputError: if the text has another form, the module cannot be imported, or
            it has no such callable.
    """
    check_form(option, name)
    if "" not in sys.path:
        sys.path.append("")  # An installed command does not look where it was called.
    module, _, attribute = name.partition(":")
    try:
        found = getattr(import_module(module), attribute)
    except (ImportError, AttributeError, SyntaxError) as error:
        raise InputError(f"{option} {name} cannot be imported: {error}") from error
    if not callable(found):
        raise InputError(
            f"{option} must name a function. Received: {name}, a {type(found).__name__}"
        )
    return found


def check_form(option: str, name: str) -> None:
    """Raises InputError unless the text is `module:name`.

    Args:
        option: the option's name, for the message.
        name: the text.
    """
    module, colon, attribute = name.partition(":")
    if not (colon and attribute.isidentifier() and _is_path(module)):
        raise InputError(
            f"{option} must be MODULE:FUNCTION, such as my_masks:face_masks. "
            f"Received: {name}"
        )


def _is_path(module: str) -> bool:
    return all(part.isidentifier() for part in module.split("."))
