"""What an evaluation translates: subjects, tasks, batches of images, and truths."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from absl import logging

from stargan_tf.data.info import Size, checked_size
from stargan_tf.data.intensity import GAP, valid_pixels
from stargan_tf.data.pictures import to_uint8
from stargan_tf.data.source import LabeledImages, UnreadableImage
from stargan_tf.errors import InputError

# What decides a translation: a label, a random latent code, a reference image, or
# nothing but the image's own label.
LABEL, LATENT, REFERENCE, OWN = "label", "latent", "reference", "own"
THREADS = 4

Translate = Callable[[np.ndarray, np.ndarray], np.ndarray]
Back = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
# (name of a held-out image, label, image size) → the true image, or None.
Truth = Callable[[str, np.ndarray, Size], np.ndarray | None]


@dataclass(frozen=True)
class Subject:
    """What is evaluated.

    Args:
        model: the model.
        translated_by: `"labels"` or `"styles"`, as its family says.
        held_out: the images it translates.
        train: the real images it is compared with, of the same data set.
        dataset: index of that data set in the model's `LabelSpace`.
    """

    model: Any
    translated_by: str
    held_out: LabeledImages
    train: LabeledImages
    dataset: int = 0


@dataclass(frozen=True)
class Task:
    """Images and what becomes of them.

    Args:
        guide: `"label"`, `"latent"`, `"reference"` or `"own"`.
        target: the target in words, such as `"Blond_Hair"`, `"Male=0"` or `"cat"`.
        column: the label's place that the target sets.
        value: what it sets it to, 0 or 1.
        rows: int array (n,); which held-out images.
        labels: float32 (n, number of domains) that the translations should show.
        translate: (places in `rows`, images) → (n, outputs, h, w, 3); images are
            float32 (n, h, w, 3) in [-1, 1].
        back: (places in `rows`, the images, their translations (n, h, w, 3)) → the
            images again, as the model redraws them.
        source: the images' domain, where they share one.
        outputs: translations of each image.
    """

    guide: str
    target: str
    column: int
    value: float
    rows: np.ndarray = field(repr=False)
    labels: np.ndarray = field(repr=False)
    translate: Translate = field(repr=False)
    back: Back | None = field(default=None, repr=False)
    source: str | None = None
    outputs: int = 1

    @property
    def name(self) -> str:
        """The row's name."""
        if self.guide == OWN:
            return "own label"
        if self.source is None:
            return self.target
        return f"{self.guide}: {self.source} → {self.target}"


@dataclass(frozen=True)
class Translated:
    """A batch of a task, translated.

    Args:
        task: the task.
        places: which of the task's rows.
        names: the images' names.
        images: uint8 (n, h, w, c) or, measured, float32 in [-1, 1].
        outputs: float32 (n, outputs, h, w, c).
    """

    task: Task
    places: np.ndarray
    names: list[str]
    images: np.ndarray
    outputs: np.ndarray

    @property
    def rows(self) -> np.ndarray:
        """The images' numbers among the held-out ones."""
        return self.task.rows[self.places]

    @property
    def labels(self) -> np.ndarray:
        """What the translations should show, float32 (n, number of domains)."""
        return self.task.labels[self.places]

    @cached_property
    def pixels(self) -> np.ndarray:
        """The outputs (n, outputs, h, w, c), of the type of `images`."""
        return self._like_images(self.outputs)

    @property
    def first(self) -> np.ndarray:
        """The first translation of each image, like `images`."""
        return self.pixels[:, 0]

    @property
    def flat(self) -> np.ndarray:
        """All translations, image after image, (n · outputs, h, w, c)."""
        return self.pixels.reshape(-1, *self.pixels.shape[2:])

    @cached_property
    def cycled(self) -> np.ndarray:
        """The first translations, translated back, like `images`."""
        back = self.task.back(self.places, self.images, self.outputs[:, 0])
        return self._like_images(back)

    def _like_images(self, outputs: np.ndarray) -> np.ndarray:
        if self.images.dtype == np.uint8:
            return to_uint8(outputs)
        gaps = ~valid_pixels(self.images)
        if outputs.ndim > gaps.ndim:
            gaps = gaps[:, np.newaxis]
        return np.where(gaps, np.float32(GAP), np.clip(outputs, -1.0, 1.0))


def subsample(rows: np.ndarray, count: int | None) -> np.ndarray:
    """At most `count` of the rows, evenly spread; the same ones at each call."""
    if count is None or count >= len(rows):
        return rows
    return rows[np.linspace(0, len(rows) - 1, count).round().astype(int)]


def image_batches(
    source: LabeledImages, rows: np.ndarray, size: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Reads images of a source in order and ahead; unreadable ones are left out.

    Yields:
        Places in `rows`, and the images (k, h, w, c) there, 1 ≤ k ≤ size.
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


def _load(source: LabeledImages, row: int) -> np.ndarray | None:
    try:
        image = np.asarray(source.load(row))
    except UnreadableImage as error:
        logging.warning("%s Skipped.", error)
        return None
    shape, dtype = source.info.shape, source.info.dtype
    if image.dtype == dtype and image.shape == shape:
        return image
    broken = image.dtype.kind == "f" and not np.isfinite(image).all()
    raise InputError(
        f"Images of '{source.info.name}' must be {dtype} of shape {shape}. "
        f"Received for {source.names[row]}: {image.dtype} of shape {image.shape}"
        f"{' with NaN or infinity' if broken else ''}. Mend the data set's 'load'."
    )


def true_images(
    truth: Truth | None, batch: Translated
) -> tuple[np.ndarray, np.ndarray]:
    """The true translations of a batch.

    Args:
        truth: gives one; None if none is known.

    Returns:
        Bool array (n,): of which images it is known; and those, like `batch.images`.
    """
    shape, dtype = batch.images.shape[1:], batch.images.dtype
    known = np.zeros(len(batch.names), bool)
    images = np.zeros_like(batch.images)
    if truth is None:
        return known, images[known]
    for place, name in enumerate(batch.names):
        size = checked_size(shape[:2])
        image = truth(name, batch.labels[place], size)
        if image is None:
            continue
        image = np.asarray(image)
        if image.dtype != dtype or image.shape != shape:
            raise InputError(
                f"A true image must be {dtype} of shape {shape}. "
                f"Received: {image.dtype} of shape {image.shape}"
            )
        known[place], images[place] = True, image
    return known, images[known]
