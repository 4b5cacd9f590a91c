"""A data set's images ready to be drawn at random: from the cache, or decoded anew."""

import threading
from typing import Protocol

import numpy as np
from absl import logging

from stargan_tf.data.cache import CachedImages, cached_images, fits_in_cache
from stargan_tf.data.source import LabelledImages, UnreadableImage
from stargan_tf.errors import InputError

# Images decoded each time they are asked for: data that is too large to keep.


class DecodedImages:
    """An `ImageStore` that puts the next readable image in an unreadable one's place.

    Which image stands in depends on the files alone, so that a resumed run sees the
    same. Unreadable images are reported in few lines, with the count so far.

    Args:
        source: the images.
        same_domain: the image that stands in has the same label, with one-hot labels.

    Raises:
        InputError: if no image can be read.
    """

    complete = False

    def __init__(self, source: LabelledImages, same_domain: bool = False):
        self.source = source
        self.labels = source.labels
        self._groups = source.labels.argmax(axis=1) * int(same_domain)
        self._unreadable: set[int] = set()
        self._lock = threading.Lock()
        # Fails here, not inside a tf.data thread, if nothing is readable.
        self._read(0)

    def __len__(self) -> int:
        return len(self.source)

    def get(self, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The images at `positions`, or the next readable ones.

        Args:
            positions: int64 array (k,), in [0, number of images).

        Returns:
            uint8 images (k, s, s, 3), and the positions they were taken from.
        """
        images, taken = zip(*map(self._read, positions.tolist()), strict=True)
        return np.stack(images), np.array(taken, np.int64)

    def readable(self, positions: np.ndarray, enough: int) -> int:
        """How many of these images can be read, counted up to `enough`.

        Args:
            positions: int array (k,).
            enough: where to stop decoding.

        Returns:
            A number in [0, `enough`].
        """
        found = 0
        for position in positions.tolist():
            if found == enough:
                break
            found += self._load(position) is not None
        return found

    def _read(self, position: int) -> tuple[np.ndarray, int]:
        for step in range(len(self)):
            candidate = (position + step) % len(self)
            if self._groups[candidate] != self._groups[position]:
                continue
            image = self._load(candidate)
            if image is not None:
                return image, candidate
        raise InputError(
            f"None of the {len(self)} images of '{self.source.info.name}' can be read."
        )

    def _load(self, position: int) -> np.ndarray | None:
        if position in self._unreadable:
            return None
        try:
            return self.source.load(position)
        except UnreadableImage as error:
            self._report(position, error)
            return None

    def _report(self, position: int, error: UnreadableImage) -> None:
        with self._lock:
            if position in self._unreadable:
                return
            self._unreadable.add(position)
            count = len(self._unreadable)
        # The 1st, 10th, 100th: thousands of lines would bury everything else.
        if str(count).strip("0") == "1":
            logging.warning("%s Skipped; %d unreadable so far.", error, count)


AUTO = "auto"
ALWAYS = "always"
NEVER = "never"


class ImageStore(Protocol):
    """Images by position, of which an unreadable one never stops a training run.

    Attributes:
        labels: float32 array (number of positions, number of domains).
        complete: whether every position is known to be readable.
    """

    labels: np.ndarray
    complete: bool

    def __len__(self) -> int: ...


def open_images(
    source: LabelledImages, cache: str = AUTO, *, same_domain: bool = False
) -> CachedImages | DecodedImages:
    """Opens the images of one source.

    Args:
        source: one split of a data set.
        cache: `"auto"` keeps the decoded images on disk where they fit the limit of
            all that is kept (environment variable `STARGAN_TF_CACHE_LIMIT_MB`, 8192
            unless set), `"always"` keeps them whatever their size, `"never"` decodes
            each image each time. The folder is `STARGAN_TF_CACHE`.
        same_domain: only an image of the same domain may stand in for an unreadable
            one, see `DecodedImages`.

    Returns:
        The images; from the cache, unreadable ones are left out.

    Raises:
        InputError: if `cache` is another word, or no image can be read.
    """
    if cache not in (AUTO, ALWAYS, NEVER):
        raise InputError(
            f"cache must be '{AUTO}', '{ALWAYS}' or '{NEVER}'. Received: {cache!r}"
        )
    if cache == ALWAYS or (cache == AUTO and fits_in_cache(source)):
        store = cached_images(source, whatever_size=cache == ALWAYS)
        if store is not None:
            return store
    return DecodedImages(source, same_domain)
