"""From a picture of any size to what the generator takes, and back."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from stargan_tf.data.fit import CROP, STRETCH, Box, used_box
from stargan_tf.data.labelled_images import UnreadableImage
from stargan_tf.data.pictures import cropped, read_picture
from stargan_tf.errors import InputError

KEEP = "keep"
MODEL = "model"
ORIGINAL = "original"
# A longer picture would need gigabytes inside the generator.
MAX_ASPECT = 8
FEATHER = 0.06  # width of the soft edge, as a share of the pasted square's side


@dataclass(frozen=True)
class Fitted:
    """A picture as the generator takes it, with the way back.

    Args:
        image: uint8 (height, width, 3), sides multiples of 4.
        box: (left, top, right, bottom), the part of the original that it shows.
        original: the whole picture, where it is to be pasted back; else None.
    """

    image: np.ndarray
    box: Box
    original: Image.Image | None = None

    @property
    def held_pixels(self) -> int:
        """Pixels of the original kept in memory."""
        return self.original.width * self.original.height if self.original else 0

    def restore(self, output: np.ndarray) -> Image.Image:
        """The generator's output as the picture to write.

        Args:
            output: uint8, of the shape of `image`.

        Returns:
            The output itself, or pasted into the original at its place. Where its
            edge lies inside the original, the two fade into each other.
        """
        translated = Image.fromarray(output)
        if self.original is None:
            return translated
        left, top, right, bottom = self.box
        size = (right - left, bottom - top)
        result = self.original.copy()
        result.paste(
            translated.resize(size, Image.Resampling.BICUBIC),
            self.box,
            _soft_edge(self.box, self.original.size),
        )
        return result


@dataclass(frozen=True)
class Fitting:
    """How pictures are fitted to the model.

    Args:
        image_size: side of the squares that the model was trained on.
        fit: `"crop"` (the centred square, as in training) or `"keep"` (the whole
            picture with its aspect, shorter side `image_size`; v1's generator is
            fully convolutional) or `"stretch"` (the whole picture squeezed into the
            square).
        size: `"model"` (outputs as the generator gives them) or `"original"` (pasted
            back into the original picture).
        crop_size: side of the centred square to use, in original pixels, whatever
            `fit` says (see `data.fit`).

    Raises:
        InputError: for a `crop_size` with `"keep"`.
    """

    image_size: int
    fit: str = CROP
    size: str = MODEL
    crop_size: int | None = None

    def __post_init__(self) -> None:
        if self.crop_size and self.fit == KEEP:
            raise InputError(
                f"crop_size takes a square and fit='{KEEP}' the whole picture. "
                f"Received: crop_size={self.crop_size}. Drop one."
            )

    def read(self, path: Path) -> Fitted:
        """Reads a picture, upright and RGB, and fits it.

        Args:
            path: the file.

        Raises:
            UnreadableImage: if it cannot be decoded, or is too long and narrow.
        """
        picture = read_picture(path)
        box = used_box(picture.size, self.fit, self.crop_size)
        size = self._fitted_size(box, path)
        # Cropped before, as in `pictures.as_square`.
        fitted = cropped(picture, box).resize(size, Image.Resampling.BILINEAR)
        original = picture if self.size == ORIGINAL else None
        return Fitted(np.asarray(fitted), box, original)

    def _fitted_size(self, box: Box, path: Path) -> tuple[int, int]:
        if self.fit == STRETCH:
            return self.image_size, self.image_size
        width, height = box[2] - box[0], box[3] - box[1]
        shorter = min(width, height)
        if max(width, height) > MAX_ASPECT * shorter:
            raise UnreadableImage(
                f"{path}: {width}x{height} pixels is too long and narrow to be "
                f"translated whole (at most {MAX_ASPECT}:1); use --fit crop"
            )
        return tuple(
            4 * round(side * self.image_size / shorter / 4) for side in (width, height)
        )


def _soft_edge(box: Box, size: tuple[int, int]) -> Image.Image:
    left, top, right, bottom = box
    across = _ramp(right - left, left > 0, right < size[0])
    down = _ramp(bottom - top, top > 0, bottom < size[1])
    return Image.fromarray(np.rint(255 * down[:, None] * across).astype(np.uint8))


def _ramp(length: int, at_start: bool, at_end: bool) -> np.ndarray:
    """1 inside, falling towards the ends that lie inside the original."""
    distance = np.arange(length, dtype=np.float32) + 0.5
    reach = max(1.0, FEATHER * length)
    ramp = np.ones(length, np.float32)
    if at_start:
        ramp = np.minimum(ramp, distance / reach)
    if at_end:
        ramp = np.minimum(ramp, distance[::-1] / reach)
    return ramp
