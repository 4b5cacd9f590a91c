"""What stands above a grid's columns: titles, perhaps pictures, and wider gaps."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from stargan_tf.translation.grid import draw_grid

INPUT = "input"


@dataclass(frozen=True)
class Heading:
    """The head of a grid's columns.

    Args:
        titles: one for each column.
        pictures: uint8 (height, width, 3), one for each column: a first row, the
            paper's references. None by default.
        breaks: columns with a wider gap before them, where another block begins.
    """

    titles: Sequence[str]
    pictures: Sequence[np.ndarray] = ()
    breaks: Sequence[int] = ()

    def after_input(self) -> "Heading":
        """The same with the inputs' column before it."""
        # The corner above the inputs and left of the references is white paper.
        corner = [np.full_like(picture, 255) for picture in self.pictures[:1]]
        return Heading(
            [INPUT, *self.titles],
            [*corner, *self.pictures],
            sorted({1, *(column + 1 for column in self.breaks)}),
        )

    def draw(self, rows: Sequence[Sequence[np.ndarray]]) -> Image.Image:
        """Draws a grid with this head.

        Args:
            rows: rows of uint8 images (height, width, 3), as many as there are titles.

        Returns:
            An RGB picture.
        """
        head = [list(self.pictures)] if self.pictures else []
        return draw_grid(
            [*head, *rows],
            self.titles,
            column_breaks=self.breaks,
            row_breaks=(1,) if head else (),
        )
