"""Labeled images with random access, which every data set returns."""

import contextlib
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from absl import logging

from stargan_tf.data.info import ONE_HOT, DatasetInfo, Size, checked_size
from stargan_tf.errors import InputError

# Maximum enlargement of images for random crops. A factor of two suffices: more detail
# is lost when the crop is reduced to the model's size.
ENLARGED = 2
OTHERS = "Not_"


@dataclass(frozen=True)
class Originals:
    """The files in which images are stored.

    Args:
        size: index → size of the file in bytes.
        read: index → its content, or a representation of it, such as a checksum.
    """

    size: Callable[[int], int]
    read: Callable[[int], bytes]


@dataclass(frozen=True)
class Known:
    """Ground truth of a data set besides the labels.

    All are optional functions of an image's name.

    Args:
        group: name → the group of the image, such as the patient.
        truth: (name, label (number of domains,), image size) → the correct translation
            to that label, like an image; None if it is unknown.
        lesions: (name, image size) → map of lesions (height, width): 0 for healthy
            pixels, other numbers for types of lesions; None if it is unknown.
    """

    group: Callable[[str], str] | None = None
    truth: Callable[[str, np.ndarray, Size], np.ndarray | None] | None = None
    lesions: Callable[[str, Size], np.ndarray | None] | None = None


@dataclass(frozen=True)
class LabeledImages:
    """One split of a data set, with random access.

    Args:
        info: the meaning of the labels, and the image size.
        labels: float32 array (n, number of domains), values 0 or 1.
        names: n short names that identify the images (relative paths).
        load: index → uint8 array of `info.shape`. It may be called from many threads
            at once. Raises `UnreadableImage` for a broken image. With `native_side`, it
            must take another image size as second argument.
        fingerprint: a string that changes whenever any pixel changes; key of the cache.
        native_side: returns the typical shorter side of the originals in pixels; None
            if images of other sizes are not available.
        originals: the files, by the same indices; None if there are none.
        version: for images without files, a string that changes when an image changes,
            but not with its size or decoding; None uses `fingerprint`.
        known: ground truth besides the labels.

    Raises:
        InputError: if the labels do not match, or there is no image.
    """

    info: DatasetInfo
    labels: np.ndarray
    names: tuple[str, ...]
    load: Callable[..., np.ndarray]
    fingerprint: str
    native_side: Callable[[], int] | None = None
    originals: Originals | None = None
    version: str | None = None
    known: Known = Known()

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
        """Why an image cannot be read, as a sentence; empty if it can."""
        try:
            self.load(index)
        except UnreadableImage as error:
            return str(error)
        return ""

    def enlarge(self) -> "LabeledImages":
        """The same images at a larger size, for random crops.

        Returns:
            The images, up to twice as large but not larger than their originals; the
            same object if the originals are not larger.
        """
        side = self.native_side() if self.native_side else 0
        current = self.info.shape[:2]
        scale = min(ENLARGED, side // 4 * 4 / min(current))
        if scale <= 1:
            return self
        size = checked_size([round(n * scale / 4) * 4 for n in current])
        load = self.load
        # A stream is read now, into the entry where the cache looks for the images.
        with contextlib.suppress(UnreadableImage):
            load(0, size)
        return replace(
            self,
            info=replace(self.info, image_size=size),
            load=lambda index: load(index, size),
            fingerprint=enlarged_key(self.fingerprint, size),
            native_side=None,
        )


def enlarged_key(fingerprint: str, size: Size) -> str:
    """The fingerprint of the same images at another size."""
    return f"{fingerprint} at {size}"


class UnreadableImage(InputError):
    """An image that cannot be decoded; the message names the file and the reason."""


def choose_domains(source: LabeledImages, wanted: Sequence[str]) -> LabeledImages:
    """Keeps some labels, in the given order.

    Args:
        source: images with any labels.
        wanted: domain names; empty means all.

    Returns:
        The images with those labels; for one-hot labels, only images of these domains.

    Raises:
        InputError: if there is no such domain, or no such image.
    """
    if not wanted:
        return source
    info = source.info.choose(wanted)
    labels = source.labels[:, [source.info.index(name) for name in wanted]]
    source = replace(source, info=info, labels=labels)
    rows = np.flatnonzero(labels.any(axis=1))
    if info.label_type != ONE_HOT or len(rows) == len(source):
        return source
    if not len(rows):
        raise InputError(f"No image of '{info.name}' is of {', '.join(wanted)}.")
    return subset(source, rows)


def subset(source: LabeledImages, rows: np.ndarray) -> LabeledImages:
    """A subset of the images of a source.

    Args:
        source: the images.
        rows: int array of indices, ascending.
    """
    load, originals = source.load, source.originals
    digest = hashlib.sha256(rows.astype("<i8").tobytes()).hexdigest()[:16]
    return replace(
        source,
        labels=source.labels[rows],
        names=tuple(source.names[row] for row in rows),
        load=lambda index, *size: load(int(rows[index]), *size),
        fingerprint=f"{source.fingerprint}/{digest}",
        originals=originals
        and Originals(
            size=lambda index: originals.size(int(rows[index])),
            read=lambda index: originals.read(int(rows[index])),
        ),
    )


def one_domain_each(source: LabeledImages) -> LabeledImages:
    """Turns attributes into domains, for models such as StarGAN v2.

    A single attribute becomes two domains, `Not_Male` and `Male`. Each of several
    attributes becomes a domain; images with none or several of them are left out, with
    a warning.
    """
    info, labels = source.info, source.labels
    if info.label_type == ONE_HOT:
        return source
    domains = info.domains
    if len(domains) == 1:
        domains = (OTHERS + domains[0], domains[0])
        labels = np.concatenate([1 - labels, labels], axis=1)
        if truth := source.known.truth:

            def of_both(name: str, label: np.ndarray, size: Size) -> np.ndarray | None:
                return truth(name, label[1:], size)

            source = replace(source, known=replace(source.known, truth=of_both))
    rows = np.flatnonzero(labels.sum(axis=1) == 1)
    shown = f"exactly one of {', '.join(domains)}"
    choose = "Choose mutually exclusive attributes, or one, with --attributes."
    if not len(rows):
        raise InputError(f"No image of '{info.name}' shows {shown}. {choose}")
    if len(rows) < len(source):
        logging.warning(
            "%d of %d images of '%s' do not show %s and are left out. %s",
            len(source) - len(rows),
            len(source),
            info.name,
            shown,
            choose,
        )
    info = replace(info, domains=domains, label_type=ONE_HOT, exclusive_groups=())
    return subset(replace(source, info=info, labels=labels), rows)
