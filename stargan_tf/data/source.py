"""What every data set gives: pictures by number, with their labels."""

import contextlib
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from absl import logging

from stargan_tf.data.info import ONE_HOT, DatasetInfo, Size, checked_size
from stargan_tf.errors import InputError

# An enlarged image is at most this many times as wide. Twice is enough: half of that
# size's detail is lost when it is reduced again, as it is from an original.
ENLARGED = 2
OTHERS = "Not_"


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
class Known:
    """What a data set knows about its images beside their labels.

    Functions of an image's name; each may be missing.

    Args:
        group: name → whose image it is, such as the patient.
        truth: (name, label (number of domains,), image size) → what a perfect
            translation to that label gives, like an image; None where nobody knows.
        lesions: (name, image size) → where the image is ill, (height, width): 0 where
            it is not, other numbers for kinds of lesions; None where nobody knows.
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
            at once. Raises `UnreadableImage` if the picture is broken. With
            `native_side` it must take a second argument, another size.
        fingerprint: text that changes whenever any pixel would; it keys the cache.
        native_side: gives the typical shorter side of the originals in pixels; None
            where images of another size cannot be had.
        originals: the files, by the same numbers; None where there are none.
        version: text that changes when an image that has no file does, and not with
            its size or how it is decoded; None takes `fingerprint`.
        known: what else is known of the images.

    Raises:
        InputError: if the labels do not fit, or there is no image.
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
        """The same images with more pixels, for random crops to be cut from.

        Returns:
            The images, up to twice as wide and not wider than their originals; the
            same object where nothing is gained.
        """
        side, own = self.native_side() if self.native_side else 0, self.info.shape[:2]
        scale = min(ENLARGED, side // 4 * 4 / min(own))
        if scale <= 1:
            return self
        size = checked_size([round(n * scale / 4) * 4 for n in own])
        load = self.load
        # A stream is read now, into the place where the cache looks for the images.
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
    """The fingerprint of the images of another size."""
    return f"{fingerprint} at {size}"


class UnreadableImage(InputError):
    """A picture that cannot be decoded; the message names the file and the reason."""


def choose_domains(source: LabeledImages, wanted: Sequence[str]) -> LabeledImages:
    """Keeps some labels, in the given order.

    Args:
        source: images with any labels.
        wanted: domain names; none means all.

    Returns:
        The images with those labels; with one-hot labels only the images that show
        one of them.

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
    """Some images of a source.

    Args:
        source: the images.
        rows: int array; which ones, ascending.
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
    """Makes domains of attributes, as StarGAN v2 takes.

    Of one attribute become two domains, without and with it: `Not_Male`, `Male`. Of
    several attributes each becomes a domain; an image that shows none or more than
    one of them is left out, which a warning counts.
    """
    info, labels = source.info, source.labels
    if info.label_type == ONE_HOT:
        return source
    domains = info.domains
    if len(domains) == 1:
        domains = (OTHERS + domains[0], domains[0])
        labels = np.concatenate([1 - labels, labels], axis=1)
    rows = np.flatnonzero(labels.sum(axis=1) == 1)
    shown = f"exactly one of {', '.join(domains)}"
    choose = "Choose attributes that exclude each other, or one, with --attributes."
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
