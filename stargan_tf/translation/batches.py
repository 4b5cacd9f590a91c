"""Pictures one after another, gathered into batches of bounded size."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from stargan_tf.data.labelled_images import UnreadableImage
from stargan_tf.translation.fitting import Fitted, Fitting
from stargan_tf.translation.inputs import InputPicture

FEW = 8  # up to so many pictures need no progress bar
# Pixels of originals kept at once for pasting back: 192 MB as RGB.
HELD_PIXELS = 64_000_000


@dataclass(frozen=True)
class Item:
    """A picture that could be read.

    Args:
        index: its place among the inputs.
        fitted: what the model takes of it.
    """

    index: int
    fitted: Fitted


class PictureStream:
    """Reads and fits pictures in order, shows progress, counts unreadable ones.

    Args:
        pictures: what to read.
        fitting: how pictures become what the model takes.

    Attributes:
        unreadable: how many could not be read so far.
        problem: why the first of them could not.
        unwritten: how many outputs could not be written so far.
    """

    def __init__(self, pictures: Sequence[InputPicture], fitting: Fitting):
        self.pictures = pictures
        self.fitting = fitting
        self.unreadable = 0
        self.problem = ""
        self.unwritten = 0

    def __iter__(self) -> Iterator[Item]:
        # disable=None: no bar where the output is not a terminal.
        disable = True if len(self.pictures) <= FEW else None
        bar = tqdm(self.pictures, "translate", unit="picture", disable=disable)
        for index, picture in enumerate(bar):
            try:
                yield Item(index, self.fitting.read(picture.path))
            except UnreadableImage as error:
                self.unreadable += 1
                self.problem = self.problem or str(error)

    def report_unwritten(self, error: Exception) -> None:
        """Counts and prints an output that could not be written.

        Args:
            error: why.
        """
        self.unwritten += 1
        _report(error)


def _report(error: Exception) -> None:
    tqdm.write(" ".join(str(error).split()), file=sys.stderr)


def in_batches(items: Iterable[Item], max_pixels: int) -> Iterator[list[Item]]:
    """Gathers neighbours of the same shape.

    Args:
        items: pictures, any number.
        max_pixels: bound on the pixels that the model sees at once; a batch holds at
            least one picture.

    Returns:
        Batches, in order.
    """
    batch: list[Item] = []
    for item in items:
        if batch and not _fits(batch, item, max_pixels):
            yield batch
            batch = []
        batch.append(item)
    if batch:
        yield batch


def _fits(batch: list[Item], item: Item, max_pixels: int) -> bool:
    shape = item.fitted.image.shape
    held = sum(other.fitted.held_pixels for other in [*batch, item])
    return (
        batch[0].fitted.image.shape == shape
        and (len(batch) + 1) * shape[0] * shape[1] <= max_pixels
        and held <= HELD_PIXELS
    )


def stack(batch: Sequence[Item]) -> np.ndarray:
    """The batch's images as one uint8 array (n, h, w, 3)."""
    return np.stack([item.fitted.image for item in batch])
