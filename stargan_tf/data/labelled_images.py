"""What every data set gives: pictures by number, with their labels."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from stargan_tf.data.info import DatasetInfo
from stargan_tf.errors import InputError


@dataclass(frozen=True)
class Originals:
    """The files in which images are stored.

    Args:
        size: index → bytes of the file.
        read: index → its content, or a text that stands for it, such as a checksum.
    """

    size: Callable[[int], int]
    read: Callable[[int], bytes]


@dataclass(frozen=True)
class LabelledImages:
    """One split of a data set, with random access.

    Args:
        info: the meaning of the labels, and the image size.
        labels: float32 array (n, number of domains), values 0 or 1.
        names: n short names that identify the images (relative paths).
        load: index → uint8 array (image_size, image_size, 3). It may be called from
            many threads at once. Raises `UnreadableImage` if the picture is broken.
        fingerprint: text that changes whenever any pixel would; it keys the cache.
        enlarge: gives the same images with more pixels where the originals have them,
            so that a crop is as sharp as a crop of the original; None where nothing
            is gained.
        originals: the files, by the same numbers; None where there are none.
        version: text that changes when an image that has no file does, and not with
            its size or how it is decoded; None takes `fingerprint`.

    Raises:
        InputError: if the labels do not fit, or there is no image.
    """

    info: DatasetInfo
    labels: np.ndarray
    names: tuple[str, ...]
    load: Callable[[int], np.ndarray]
    fingerprint: str
    enlarge: "Callable[[], LabelledImages] | None" = None
    originals: Originals | None = None
    version: str | None = None

    def __post_init__(self) -> None:
        expected = (len(self.names), len(self.info.domains))
        if self.labels.shape != expected:
            raise InputError(
                f"Labels of '{self.info.name}' must have shape {expected}. "
                f"Received: {self.labels.shape}"
            )
        if not self.names:
            raise InputError(f"Data set '{self.info.name}' has no image in this split.")

    def __len__(self) -> int:
        return len(self.names)

    def problem(self, index: int) -> str:
        """Why an image cannot be read, as a sentence; empty if it can.

        Args:
            index: its number.
        """
        try:
            self.load(index)
        except UnreadableImage as error:
            return str(error)
        return ""


class UnreadableImage(InputError):
    """A picture that cannot be decoded; the message names the file and the reason."""
