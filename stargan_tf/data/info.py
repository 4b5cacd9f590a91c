"""What a data set's labels mean: the description that travels with every model."""

import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from stargan_tf.errors import InputError, near_names

BINARY = "binary"
ONE_HOT = "one_hot"
# Of characters: control, half of a pair (what is not UTF-8), ends of lines.
UNUSABLE = ("Cc", "Cs", "Zl", "Zp")


@dataclass(frozen=True)
class DatasetInfo:
    """Describes the labels and the images of one data set.

    Args:
        name: the data set's name, as typed after `--dataset`.
        domains: domain (attribute) names, in the order of the label vector.
        label_type: `"binary"` (any number of attributes on at once, CelebA) or
            `"one_hot"` (exactly one, RaFD).
        image_size: side of the square images, in pixels; a multiple of 4.
        exclusive_groups: for binary labels, groups of which at most one member is
            on (the hair colours).

    Raises:
        InputError: if a value is not one of those, a name occurs twice, or a group
            names an unknown domain.
    """

    name: str
    domains: tuple[str, ...]
    label_type: str
    image_size: int
    exclusive_groups: tuple[tuple[str, ...], ...] = ()

    def __post_init__(self) -> None:
        # One spelling, so that a name typed on one system finds that of another.
        object.__setattr__(self, "domains", tuple(map(composed, self.domains)))
        groups = tuple(tuple(map(composed, g)) for g in self.exclusive_groups)
        object.__setattr__(self, "exclusive_groups", groups)
        if self.label_type not in (BINARY, ONE_HOT):
            raise InputError(
                f"label_type must be '{BINARY}' or '{ONE_HOT}'. "
                f"Received: label_type={self.label_type!r}"
            )
        if not self.domains or len(set(self.domains)) != len(self.domains):
            raise InputError(
                f"Data set '{self.name}' needs at least one domain and no name twice. "
                f"Received: domains={list(self.domains)}"
            )
        check_image_size(self.image_size)
        for group in self.exclusive_groups:
            for domain in group:
                self.index(domain)

    def index(self, domain: str) -> int:
        """Position of `domain` in the label vector; InputError names near ones."""
        domain = composed(domain)
        if domain not in self.domains:
            raise InputError(
                f"Data set '{self.name}' has no domain '{domain}'. "
                + near_names(domain, self.domains)
            )
        return self.domains.index(domain)

    def choose(self, wanted: Sequence[str]) -> "DatasetInfo":
        """The same with some domains, in the given order; InputError as `index`."""
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
        """A JSON-ready dictionary, the inverse of `from_dict`."""
        return json.loads(json.dumps(asdict(self)))

    @classmethod
    def from_dict(cls, config: Mapping[str, Any]) -> "DatasetInfo":
        """Rebuilds an info from `to_dict`; unknown or missing keys: InputError."""
        try:
            return cls(**config)
        except TypeError as error:
            raise InputError(f"Not a data set description: {error}.") from None


def check_domain_names(info: DatasetInfo) -> None:
    """Raises InputError for names that exports and reports could not write."""
    for name in info.domains:
        if any(unicodedata.category(mark) in UNUSABLE for mark in name):
            shown = name.encode("unicode_escape", "backslashreplace").decode()
            raise InputError(
                "Expected domain names in UTF-8 and without control characters. "
                f"Received from '{info.name}': {shown}. Rename the folder or column."
            )


def check_image_size(image_size: int) -> None:
    """Raises InputError unless `image_size` is a positive multiple of 4."""
    if not isinstance(image_size, int):
        raise InputError(
            "image_size must be a whole number, the side of the square images in "
            f"pixels. Received: image_size={image_size!r}"
        )
    if image_size < 4 or image_size % 4:
        below = max(4, image_size // 4 * 4)
        raise InputError(
            "image_size must be a positive multiple of 4 (the generator halves the "
            f"image twice). Received: image_size={image_size}. "
            f"Try {below} or {below + 4}."
        )


def as_infos(datasets: "DatasetInfo | Sequence[DatasetInfo | Mapping]") -> tuple:
    """One or many infos (or their dictionaries) as a tuple of `DatasetInfo`."""
    if isinstance(datasets, DatasetInfo | Mapping):
        datasets = (datasets,)
    return tuple(
        info if isinstance(info, DatasetInfo) else DatasetInfo.from_dict(info)
        for info in datasets
    )


def composed(name: str) -> str:
    """A name in Unicode's NFC: systems write the same letters in different bytes."""
    return unicodedata.normalize("NFC", name) if isinstance(name, str) else name
