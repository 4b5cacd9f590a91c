"""Whose turn it is when several data sets are trained on together.

By default they take turns, as in the official code: 0, 1, 0, 1, …. With weights 2 and 1
the turns are 0, 1, 0, and again. Which data set step k draws from, and how many batches
it has given before, is looked up, so that a resumed run needs no memory.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from stargan_tf.errors import InputError

LONGEST = 10_000


@dataclass(frozen=True)
class Turns:
    """One round of turns, which repeats for ever.

    Args:
        sources: whose turn each step of the round is.
        before: how many turns that source has had before in the round.
        shares: how many turns each source has in the round.
    """

    sources: tuple[int, ...]
    before: tuple[int, ...]
    shares: tuple[int, ...]


def take_turns(weights: Sequence[float | None]) -> Turns:
    """The shortest round in which each data set has its share, spread evenly.

    Args:
        weights: how often to draw from each data set, relative to the others; None
            stands for 1.
    """
    shares = _whole(weights)
    lead = [0] * len(shares)
    sources, before = [], []
    for _ in range(sum(shares)):
        # The one that is furthest behind its share; the first of equals.
        lead = [value + share for value, share in zip(lead, shares, strict=True)]
        source = lead.index(max(lead))
        lead[source] -= sum(shares)
        before.append(sources.count(source))
        sources.append(source)
    return Turns(tuple(sources), tuple(before), shares)


def _whole(weights: Sequence[float | None]) -> tuple[int, ...]:
    """The weights as the smallest whole numbers of the same proportion."""
    given = ", ".join("1" if weight is None else f"{weight:g}" for weight in weights)
    if not all(weight is None or 0 < weight < math.inf for weight in weights):
        raise InputError(f"dataset_weights must be positive. Received: {given}")
    exact = [Fraction("1" if w is None else str(w)) for w in weights]
    common = math.lcm(*(part.denominator for part in exact))
    whole = [int(part * common) for part in exact]
    whole = [part // math.gcd(*whole) for part in whole]
    if sum(whole) > LONGEST:
        raise InputError(
            "dataset_weights must be simple numbers such as 2,1 or 0.7,0.3. "
            f"Received: {given}"
        )
    return tuple(whole)
