"""The order of data sets in joint training.

By default they alternate, as in the official code: 0, 1, 0, 1, …. With weights 2 and 1,
the sequence 0, 1, 0 repeats. The data set of step k, and the number of its earlier
batches, are looked up, so that a resumed run needs no saved state.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from stargan_tf.errors import InputError

LONGEST = 10_000


@dataclass(frozen=True)
class Turns:
    """One round of turns, which repeats.

    Args:
        sources: the index of the source of each step in the round.
        before: the number of earlier turns of that source in the round.
        shares: the number of turns of each source in the round.
    """

    sources: tuple[int, ...]
    before: tuple[int, ...]
    shares: tuple[int, ...]


def take_turns(weights: Sequence[float | None]) -> Turns:
    """The shortest round in which each data set has its share, evenly spread.

    Args:
        weights: the relative frequency of each data set; None means 1.
    """
    shares = _whole(weights)
    lead = [0] * len(shares)
    sources, before = [], []
    for _ in range(sum(shares)):
        # The source that is furthest behind its share; the first one of a tie.
        lead = [value + share for value, share in zip(lead, shares, strict=True)]
        source = lead.index(max(lead))
        lead[source] -= sum(shares)
        before.append(sources.count(source))
        sources.append(source)
    return Turns(tuple(sources), tuple(before), shares)


def _whole(weights: Sequence[float | None]) -> tuple[int, ...]:
    """The weights as the smallest integers with the same ratio."""
    given = ", ".join("1" if weight is None else f"{weight:g}" for weight in weights)
    if not all(weight is None or 0 < weight < math.inf for weight in weights):
        raise InputError(f"dataset_weights must be positive. Received: {given}")
    exact = [Fraction("1" if w is None else str(w)) for w in weights]
    common = math.lcm(*(weight.denominator for weight in exact))
    whole = [int(weight * common) for weight in exact]
    whole = [weight // math.gcd(*whole) for weight in whole]
    if sum(whole) > LONGEST:
        raise InputError(
            "dataset_weights must be simple numbers such as 2,1 or 0.7,0.3. "
            f"Received: {given}"
        )
    return tuple(whole)
