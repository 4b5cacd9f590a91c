"""Translation by style: style codes, applied to a model and its images."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from PIL import Image

from stargan_tf.data.pixels import to_uint8
from stargan_tf.translation.heading import Heading


class StyleModel(Protocol):
    """What translation by style asks of a model; `StarGANV2` has it."""

    style_dim: int
    latent_dim: int

    def translate(
        self, images: np.ndarray, *, styles: np.ndarray, batch_size: int
    ) -> np.ndarray:
        """Redraws images in styles, one each or one for all."""
        ...

    def map_latents(
        self, latents: np.ndarray, domain: str, truncation: float
    ) -> np.ndarray:
        """Style codes of latent codes."""
        ...

    def encode_style(self, references: np.ndarray, domain: Sequence[str]) -> np.ndarray:
        """Style codes of pictures."""
        ...


@dataclass(frozen=True)
class ToStyles:
    """Translates every picture to each of several styles.

    Args:
        codes: float32 (n, style_dim).
        columns: the head of the styles' columns in a grid.
    """

    codes: np.ndarray
    columns: Heading

    @property
    def heading(self) -> Heading:
        """The grid's head: the input, then every style."""
        return self.columns.after_input()

    def __call__(self, model: StyleModel, images: np.ndarray) -> list[np.ndarray]:
        """uint8 images (n, h, w, 3) → a list of the like, one for each style."""
        return [
            model.translate(images, styles=code[None], batch_size=len(images))
            for code in self.codes
        ]

    def draw(self, model: StyleModel, images: np.ndarray) -> Image.Image:
        """A grid: a row for each picture, a column for each style.

        Args:
            model: the model.
            images: (n, h, w, 3), uint8 or float in [-1, 1].

        Returns:
            An RGB picture.
        """
        images = as_bytes(images)
        columns = [images, *self(model, images)]
        return self.heading.draw(list(zip(*columns, strict=True)))


def as_bytes(images: np.ndarray) -> np.ndarray:
    """Images (n, h, w, 3), uint8 or float in [-1, 1], as uint8."""
    images = np.asarray(images)
    return images if images.dtype == np.uint8 else to_uint8(images)
