"""The description of a data set's labels and images, which models contain."""

import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from stargan_tf.data.intensity import Intensity
from stargan_tf.errors import InputError, check_choice, near_names, shortened
from stargan_tf.limits import MAX_SIDE

BINARY = "binary"
ONE_HOT = "one_hot"
RGB, MOST_CHANNELS = 3, 64  # channels of an image
# Unicode categories: control characters, surrogates (not UTF-8), line ends.
UNUSABLE = ("Cc", "Cs", "Zl", "Zp")

# A side in pixels, or (height, width).
Size = int | tuple[int, int]


@dataclass(frozen=True)
class DatasetInfo:
    """Describes the labels and the images of one data set.

    Args:
        name: the data set's name, as typed after `--dataset`.
        domains: domain (attribute) names, in the order of the label vector.
        label_type: `"binary"` (any number of attributes on at once, CelebA) or
            `"one_hot"` (exactly one, RaFD).
        image_size: side of the square images in pixels, or (height, width); multiples
            of 4.
        exclusive_groups: for binary labels, groups of which at most one member is
            on (the hair colors).
        num_channels: of the images, from 1 to 64; 3 are RGB.
        intensity: for measured images: the mapping of their values to [-1, 1]; None
            for images of 8 bits.

    Raises:
        InputError: if a value is out of range, a name occurs twice, or a group names
            an unknown domain.
    """

    name: str
    domains: tuple[str, ...]
    label_type: str
    image_size: Size
    exclusive_groups: tuple[tuple[str, ...], ...] = ()
    num_channels: int = RGB
    intensity: Intensity | None = None

    def __post_init__(self) -> None:
        if not all(isinstance(name, str) for name in (self.name, *self.domains)):
            raise InputError(
                "The names of a data set and of its domains must be strings. Received: "
                + shortened(f"{self.name!r}, {list(self.domains)}")
            )
        # One normal form, so that a name typed on one system matches on another.
        object.__setattr__(self, "domains", tuple(map(composed, self.domains)))
        groups = tuple(tuple(map(composed, g)) for g in self.exclusive_groups)
        object.__setattr__(self, "exclusive_groups", groups)
        check_choice("label_type", self.label_type, (BINARY, ONE_HOT))
        if not self.domains or len(set(self.domains)) != len(self.domains):
            raise InputError(
                f"Data set '{self.name}' needs at least one domain, and unique names. "
                f"Received: domains={list(self.domains)}"
            )
        object.__setattr__(self, "image_size", checked_size(self.image_size))
        check_channels(self.num_channels)
        if self.intensity is not None:
            given = self.intensity
            if not isinstance(given, Intensity):
                object.__setattr__(self, "intensity", Intensity(**given))
            self.intensity.check_channels(self.num_channels)
        for group in self.exclusive_groups:
            for domain in group:
                self.index(domain)

    @property
    def dtype(self) -> str:
        """The type of the images: uint8, or float32 in [-1, 1] if they are measured."""
        return "uint8" if self.intensity is None else "float32"

    @property
    def shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of the images."""
        return (*sides(self.image_size), self.num_channels)

    def index(self, domain: str) -> int:
        """Position of `domain` in the label vector; InputError if it is unknown."""
        domain = composed(domain)
        if domain not in self.domains:
            raise InputError(
                f"Data set '{self.name}' has no domain '{domain}'. "
                + near_names(domain, self.domains)
            )
        return self.domains.index(domain)

    def choose(self, wanted: Sequence[str]) -> "DatasetInfo":
        """A copy with the given domains, in order; InputError if one is unknown."""
        domains = tuple(self.domains[self.index(name)] for name in wanted)
        groups = (tuple(n for n in g if n in domains) for g in self.exclusive_groups)
        groups = tuple(group for group in groups if len(group) > 1)
        return replace(self, domains=domains, exclusive_groups=groups)

    def rivals(self, domain: str) -> tuple[str, ...]:
        """The domains that cannot be on together with `domain`."""
        domain = composed(domain)
        if self.label_type == ONE_HOT:
            return tuple(other for other in self.domains if other != domain)
        groups = [group for group in self.exclusive_groups if domain in group]
        return tuple(other for group in groups for other in group if other != domain)

    def to_dict(self) -> dict[str, Any]:
        """A dictionary for JSON, the inverse of `from_dict`.

        Defaults for RGB images are omitted, as in files of earlier versions.
        """
        described = json.loads(json.dumps(asdict(self)))
        if self.num_channels == RGB:
            del described["num_channels"]
        if self.intensity is None:
            del described["intensity"]
        return described

    @property
    def image_text(self) -> str:
        """A description of the images."""
        text = size_text(self.image_size)
        if self.num_channels != RGB:
            text += f", channels: {self.num_channels}"
        return f"{text}, {self.intensity.written()}" if self.intensity else text

    @property
    def is_plain(self) -> bool:
        """Whether the images are RGB images of 8 bits."""
        return self.num_channels == RGB and self.intensity is None

    @classmethod
    def from_dict(cls, config: Mapping[str, Any]) -> "DatasetInfo":
        """Recreates an info from `to_dict`; InputError for unknown or missing keys."""
        try:
            return cls(**config)
        except TypeError as error:
            raise InputError(f"Not a data set description: {error}.") from None


def check_domain_names(info: DatasetInfo) -> None:
    """Raises `InputError` for names that exports and reports cannot contain."""
    for name in info.domains:
        if any(unicodedata.category(mark) in UNUSABLE for mark in name):
            shown = name.encode("unicode_escape", "backslashreplace").decode()
            raise InputError(
                "Expected domain names in UTF-8 and without control characters. "
                f"Received from '{info.name}': {shown}. Rename the folder or column."
            )


def check_channels(count: int) -> None:
    """Raises InputError unless `count` is a number of channels."""
    if type(count) is not int or not 1 <= count <= MOST_CHANNELS:
        raise InputError(
            f"num_channels must be a whole number from 1 to {MOST_CHANNELS}. "
            f"Received: num_channels={count!r}"
        )


def sides(image_size: Size) -> tuple[int, int]:
    """(height, width) of an image size."""
    if isinstance(image_size, int):
        return image_size, image_size
    height, width = image_size
    return height, width


def size_text(image_size: Size) -> str:
    """An image size as text: `64 px`, `96 x 160 px`."""
    height, width = sides(image_size)
    return f"{height} px" if height == width else f"{height} x {width} px"


def checked_size(image_size: Any) -> Size:
    """An image size in canonical form: a side, or (height, width) if they differ.

    Raises:
        InputError: unless it is one or two positive multiples of 4.
    """
    given = image_size if isinstance(image_size, list | tuple) else [image_size]
    whole = all(type(side) is int for side in given)
    if not whole or len(given) not in (1, 2):
        raise InputError(
            "image_size must be a whole number, the side of the square images in "
            f"pixels, or (height, width). Received: image_size={image_size!r}"
        )
    for side in given:
        if side > MAX_SIDE:
            raise InputError(
                f"image_size must be at most {MAX_SIDE}. Received: "
                + shortened(str(side))
            )
        if side < 4 or side % 4:
            below = max(4, side // 4 * 4)
            raise InputError(
                "image_size must be a positive multiple of 4 (the generator halves "
                f"the image twice). Received: image_size={side}. "
                f"Try {below} or {below + 4}."
            )
    return given[0] if len(set(given)) == 1 else tuple(given)


def as_infos(datasets: "DatasetInfo | Sequence[DatasetInfo | Mapping]") -> tuple:
    """One or several infos, or their dictionaries, as a tuple of `DatasetInfo`."""
    if isinstance(datasets, DatasetInfo | Mapping):
        datasets = (datasets,)
    return tuple(
        info if isinstance(info, DatasetInfo) else DatasetInfo.from_dict(info)
        for info in datasets
    )


def composed(name: str) -> str:
    """A name in Unicode's NFC, since systems encode equal names differently."""
    return unicodedata.normalize("NFC", name) if isinstance(name, str) else name
