"""The tasks of an evaluation: images, targets, translations, and true images."""

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

# What determines a translation: a target label, a random latent code, a reference
# image, or the image's own label.
LABEL, LATENT, REFERENCE, OWN = "label", "latent", "reference", "own"
THREADS = 4

Translate = Callable[[np.ndarray, np.ndarray], np.ndarray]
Back = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
# (name of a held-out image, label, image size) → the true image, or None.
Truth = Callable[[str, np.ndarray, Size], np.ndarray | None]


@dataclass(frozen=True)
class Subject:
    """The model and the data of an evaluation.

    Args:
        model: the model.
        translated_by: name of its steering, such as `"labels"` or `"styles"`.
        held_out: the images to translate.
        train: the real images to compare with, of the same data set.
        dataset: index of the data set in the model's `LabelSpace`.
    """

    model: Any
    translated_by: str
    held_out: LabeledImages
    train: LabeledImages
    dataset: int = 0


@dataclass(frozen=True)
class Task:
    """A set of images and their translation to a target.

    Args:
        guide: what determines the translation: `"label"`, `"latent"`, `"reference"`,
            or `"own"`.
        target: the target as text, such as `"Blond_Hair"`, `"Male=0"`, or `"cat"`.
        column: index of the label that the target sets.
        value: value of that label, 0 or 1.
        rows: int array (n,), indices of the held-out images.
        labels: expected labels of the translations, float32 (n, number of domains).
        translate: function (indices in `rows`, images) → (n, outputs, h, w, c); images
            are float32 (n, h, w, c) in [-1, 1].
        back: function that translates back: (indices in `rows`, images, their
            translations (n, h, w, c)) → (n, h, w, c).
        source: name of the images' domain, if they all have the same.
        outputs: number of translations per image.
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
        """Name of the task in tables."""
        if self.guide == OWN:
            return "own label"
        if self.source is None:
            return self.target
        return f"{self.guide}: {self.source} → {self.target}"


@dataclass(frozen=True)
class Translated:
    """A translated batch of a task.

    Args:
        task: the task.
        places: indices in the task's rows.
        names: names of the images.
        images: images (n, h, w, c), uint8 or float32 in [-1, 1].
        outputs: translations, float32 (n, outputs, h, w, c).
    """

    task: Task
    places: np.ndarray
    names: list[str]
    images: np.ndarray
    outputs: np.ndarray

    @property
    def rows(self) -> np.ndarray:
        """Indices of the held-out images."""
        return self.task.rows[self.places]

    @property
    def labels(self) -> np.ndarray:
        """Expected labels of the translations, float32 (n, number of domains)."""
        return self.task.labels[self.places]

    @cached_property
    def pixels(self) -> np.ndarray:
        """The outputs (n, outputs, h, w, c), with the dtype of `images`."""
        return self._like_images(self.outputs)

    @property
    def first(self) -> np.ndarray:
        """The first translation of each image, like `images`."""
        return self.pixels[:, 0]

    @property
    def flat(self) -> np.ndarray:
        """All translations, grouped by image, (n · outputs, h, w, c)."""
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
    """Returns at most `count` evenly spaced rows, the same in each call."""
    if count is None or count >= len(rows):
        return rows
    return rows[np.linspace(0, len(rows) - 1, count).round().astype(int)]


def image_batches(
    source: LabeledImages, rows: np.ndarray, size: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Loads images in order, with prefetching; skips unreadable images.

    Args:
        source: the images.
        rows: indices of images to load.
        size: maximum number of images per batch.

    Yields:
        Indices in `rows`, and the images (k, h, w, c) with these indices, 1 ≤ k ≤ size.
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
        f"{' with NaN or infinity' if broken else ''}. Fix 'load' of the data set."
    )


def true_images(
    truth: Truth | None, batch: Translated
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the true translations of a batch.

    Args:
        truth: function that returns the true translation of an image; None if there
            is none.
        batch: the batch.

    Returns:
        Bool array (n,) of which true translations are known, and these translations,
        like `batch.images`.

    Raises:
        InputError: if a true translation has another shape or dtype.
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
