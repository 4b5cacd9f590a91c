"""Steps cut into Keras epochs that end where checkpoints are due."""

from collections.abc import Iterator
from typing import NamedTuple


class Span(NamedTuple):
    """Epochs of equal length, for one call of `fit`.

    Args:
        steps: steps of each epoch.
        first_epoch: number of the first, from 0.
        last_epoch: number after the last.
    """

    steps: int
    first_epoch: int
    last_epoch: int

    @property
    def total_steps(self) -> int:
        """Steps of all of them."""
        return self.steps * (self.last_epoch - self.first_epoch)


def spans(start: int, stop: int, every: int) -> Iterator[Span]:
    """Cuts steps into calls of `fit` whose epochs end at multiples of `every`.

    Args:
        start: steps done.
        stop: steps to reach.
        every: steps from checkpoint to checkpoint.

    Yields:
        Whole epochs at once, and the incomplete one before or after them, if any,
        by itself.
    """
    while start < stop:
        epoch = start // every
        if start % every or stop - start < every:
            end = min(stop, (epoch + 1) * every)
            yield Span(end - start, epoch, epoch + 1)
        else:
            end = stop // every * every
            yield Span(every, epoch, stop // every)
        start = end
