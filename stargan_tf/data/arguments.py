"""Checks of the numbers that the pipelines take."""

import numpy as np

from stargan_tf.errors import InputError

SEED_LIMIT = 2**31


def check_range(name: str, value: int, low: int, limit: int | None = None) -> None:
    """Refuses what is no whole number in a range.

    Args:
        name: the argument's name.
        value: what was given.
        low: the smallest value that is accepted.
        limit: the value must lie below it, if given.

    Raises:
        InputError: if `value` is outside, or no whole number.
    """
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or value < low or (limit is not None and value >= limit):
        upper = "" if limit is None else f" and below {limit}"
        raise InputError(
            f"{name} must be a whole number of at least {low}{upper}. "
            f"Received: {name}={value!r}"
        )
