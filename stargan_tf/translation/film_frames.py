"""The pictures of a film: sources side by side while their style changes."""

from collections.abc import Iterator

import numpy as np
from PIL import Image

from stargan_tf.errors import InputError
from stargan_tf.translation.by_style import StyleModel
from stargan_tf.translation.grid import PAPER

MAX_SOURCES = 16
GAP = 4  # even, as MP4 needs the sides


def film_frames(
    model: StyleModel, images: np.ndarray, styles: np.ndarray, batch_size: int = 16
) -> Iterator[Image.Image]:
    """Draws one frame after the other; none is kept.

    Args:
        model: the model.
        images: the sources, uint8 (n, size, size, 3), at most `MAX_SOURCES`.
        styles: the style of each frame, float32 (frames, style_dim).
        batch_size: images that the model gets at a time.

    Yields:
        RGB pictures of one size.

    Raises:
        InputError: if there is no source, or there are too many.
    """
    check_sources(len(images))
    at_once = max(1, batch_size // len(images))
    for start in range(0, len(styles), at_once):
        part = styles[start : start + at_once]
        translated = model.translate(
            np.tile(images, (len(part), 1, 1, 1)),
            styles=np.repeat(part, len(images), axis=0),
            batch_size=batch_size,
        )
        for frame in translated.reshape(len(part), *images.shape):
            yield _tile(frame)


def check_sources(count: int) -> None:
    """Raises InputError unless a film of `count` sources can be drawn."""
    if not 1 <= count <= MAX_SOURCES:
        raise InputError(
            f"A film shows 1 to {MAX_SOURCES} pictures side by side. Received: {count}"
        )


def _tile(images: np.ndarray) -> Image.Image:
    """Images (n, size, size, 3) in a block that is about as wide as high."""
    count, height, width = images.shape[:3]
    columns = int(np.ceil(np.sqrt(count)))
    rows = -(-count // columns)
    size = (columns * (width + GAP) - GAP, rows * (height + GAP) - GAP)
    frame = Image.new("RGB", size, PAPER)
    for index, image in enumerate(images):
        row, column = divmod(index, columns)
        corner = (column * (width + GAP), row * (height + GAP))
        frame.paste(Image.fromarray(image), corner)
    return frame
