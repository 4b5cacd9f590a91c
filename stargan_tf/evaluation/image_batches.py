"""Images of a source in batches, read ahead; unreadable ones are left out."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
from absl import logging

from stargan_tf.data.labelled_images import LabelledImages, UnreadableImage
from stargan_tf.errors import InputError

THREADS = 4


def image_batches(
    source: LabelledImages, rows: np.ndarray, size: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Reads some images of a source once, in order.

    Args:
        source: one split of a data set.
        rows: int array; which images.
        size: images at once.

    Yields:
        Places in `rows`, and the uint8 images (k, s, s, 3) there, 1 ≤ k ≤ size.

    Raises:
        InputError: if a data set gives something that is no uint8 image.
    """
    ahead: deque[tuple[int, list[Future]]] = deque()
    with ThreadPoolExecutor(THREADS) as pool:
        for start in range(0, len(rows), size):
            batch = rows[start : start + size].tolist()
            ahead.append((start, [pool.submit(_load, source, row) for row in batch]))
            if len(ahead) > 1:
                yield from _gather(*ahead.popleft())
        while ahead:
            yield from _gather(*ahead.popleft())


def _gather(start: int, waiting: list[Future]) -> Iterator[tuple]:
    images = [future.result() for future in waiting]
    places = [place for place, image in enumerate(images) if image is not None]
    if places:
        yield start + np.array(places), np.stack([images[place] for place in places])


def _load(source: LabelledImages, row: int) -> np.ndarray | None:
    try:
        image = np.asarray(source.load(row))
    except UnreadableImage as error:
        logging.warning("%s Skipped.", error)
        return None
    side = source.info.image_size
    if image.dtype == np.uint8 and image.shape == (side, side, 3):
        return image
    broken = image.dtype.kind == "f" and not np.isfinite(image).all()
    raise InputError(
        f"Images of '{source.info.name}' must be uint8 of shape {(side, side, 3)}. "
        f"Received for {source.names[row]}: {image.dtype} of shape {image.shape}"
        f"{' with NaN or infinity' if broken else ''}. Mend the data set's 'load'."
    )
