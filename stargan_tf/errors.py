"""Errors that a user's input can cause; the command line prints them in one line."""

import difflib
import itertools
from collections.abc import Iterable

from stargan_tf.limits import MAX_NAMES


class ExpectedError(Exception):
    """No defect of ours: the command line prints it in one line and exits with 2."""


class InputError(ExpectedError, ValueError):
    """Something the user gave cannot be used.

    The message says what was expected, what was received and how to fix it.
    Exceptions that are no `ExpectedError` keep their traceback on the command line.
    """


def shortened(text: str, length: int = 60) -> str:
    """The beginning of a text of any length, for a message of one line."""
    return text if len(text) <= length else f"{text[:length]}… ({len(text):,} in all)"


def near_names(name: str, known: Iterable[str]) -> str:
    """Ends an error message: names like `name`, or all that are known.

    Args:
        name: what the user wrote.
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
    """Refuses an argument that is none of the choices.

    Args:
        name: of the argument.
        value: what it was given.
        choices: what it takes.
    """
    if value not in choices:
        options = ", ".join(map(repr, choices))
        raise InputError(f"{name} must be one of {options}. Received: {value!r}")
