"""Errors caused by user input, which the command line prints in one line."""

import difflib
import itertools
from collections.abc import Iterable

from stargan_tf.limits import MAX_NAMES


class ExpectedError(Exception):
    """Not a bug: the command line prints it in one line, and exits with status 2."""


class InputError(ExpectedError, ValueError):
    """Invalid input of the user.

    The message says what was expected, what was received, and how to fix it. On the
    command line, other exceptions than `ExpectedError` print their traceback.
    """


def shortened(text: str, length: int = 60) -> str:
    """The beginning of a text, for messages of one line."""
    return text if len(text) <= length else f"{text[:length]}… ({len(text):,} in all)"


def near_names(name: str, known: Iterable[str]) -> str:
    """The end of an error message: names similar to `name`, and all known names.

    Args:
        name: the name that the user gave.
        known: the names that exist.

    Returns:
        A sentence such as `Did you mean Blond_Hair? Known: Black_Hair, ….`
    """
    known = list(known)
    lowered = {candidate.lower(): candidate for candidate in known}
    close = difflib.get_close_matches(name.lower(), lowered, n=3, cutoff=0.5)
    lengths = itertools.accumulate(len(shortened(name)) + 2 for name in known)
    shown = [n for n, length in zip(known, lengths, strict=True) if length < MAX_NAMES]
    listed = ", ".join(map(shortened, shown)) if known else "none"
    if len(known) > len(shown):
        listed += f", … ({len(known):,} in all)"
    if close:
        likely = " or ".join(shortened(lowered[candidate]) for candidate in close)
        return f"Did you mean {likely}? Known: {listed}."
    return f"Known: {listed}."


def check_choice(name, value, choices):
    """Raises `InputError` for a value that is not among the choices.

    Args:
        name: name of the argument.
        value: its value.
        choices: the valid values.
    """
    if value not in choices:
        options = ", ".join(map(repr, choices))
        raise InputError(f"{name} must be one of {options}. Received: {value!r}")
