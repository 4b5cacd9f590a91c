"""Labels of data sets, and label vectors of models."""

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stargan_tf.data.info import (
    BINARY,
    ONE_HOT,
    RGB,
    DatasetInfo,
    Size,
    as_infos,
    composed,
)
from stargan_tf.data.intensity import GAP
from stargan_tf.errors import InputError, near_names

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Labels:
    """All labels of a data set, before attributes are chosen.

    Args:
        names: the domains (attributes), in the order of the label vector.
        kind: `"one_hot"`, each image shows exactly one of them, or `"binary"`, any
            number at once.
        exclusive_groups: for binary labels, groups of which at most one is on.

    Raises:
        InputError: if names or groups are invalid, see `DatasetInfo`.
    """

    names: tuple[str, ...]
    kind: str = ONE_HOT
    exclusive_groups: tuple[tuple[str, ...], ...] = ()

    def __post_init__(self) -> None:
        info = self.info("labels", 4)
        object.__setattr__(self, "names", info.domains)
        object.__setattr__(self, "exclusive_groups", info.exclusive_groups)

    def info(
        self, name: str, image_size: Size, num_channels: int | None = None
    ) -> DatasetInfo:
        """The `DatasetInfo` of a data set with these labels."""
        return DatasetInfo(
            name,
            tuple(self.names),
            self.kind,
            image_size,
            self.exclusive_groups,
            num_channels or RGB,
        )

    def vectors(self, values: "np.ndarray | Sequence") -> "np.ndarray":
        """Label vectors of many images.

        Args:
            values: class indices (n,), for one-hot labels, or 0 and 1 (or
                False and True), (n, number of names).

        Returns:
            float32 array (n, number of names) of 0 and 1.

        Raises:
            InputError: if the values have another shape or range.
        """
        import numpy as np

        values, count = np.asarray(values), len(self.names)
        whole = np.issubdtype(values.dtype, np.integer)
        if values.ndim == 1 and whole and self.kind == ONE_HOT:
            if values.size and not 0 <= values.min() <= values.max() < count:
                raise InputError(
                    f"Class indices must be from 0 to {count - 1}, the positions of "
                    f"{', '.join(self.names)}. "
                    f"Received: {values.min()} to {values.max()}"
                )
            return np.eye(count, dtype=np.float32)[values]
        if values.ndim != 2 or values.shape[1] != count:
            raise InputError(
                f"Labels must be an array (n, {count}) of 0 and 1 or, for one-hot "
                "labels, n class indices. Received: shape "
                f"{values.shape}, {values.dtype}"
            )
        vectors = values.astype(np.float32)
        if not np.isin(vectors, (0.0, 1.0)).all():
            raise InputError(
                "Labels must be 0 and 1. Received: values from "
                f"{vectors.min()} to {vectors.max()}"
            )
        return vectors


def binary(*names: str, exclusive: Sequence[Sequence[str]] = ()) -> Labels:
    """Labels of which any number may be on.

    Args:
        *names: the attributes, in order.
        exclusive: groups of which at most one is on, such as hair colors.

    Returns:
        The labels, for `Dataset(labels=…)`.
    """
    return Labels(names, BINARY, tuple(tuple(group) for group in exclusive))


def one_hot(*names: str) -> Labels:
    """Labels of which exactly one is on.

    Args:
        *names: the domains, in order.

    Returns:
        The labels, for `Dataset(labels=…)`.
    """
    return Labels(names, ONE_HOT)


# A name in a target, optionally preceded by that of a data set and a dot.
_QUOTED = r'"(?:[^"]|"")*"'
_PARTS = re.compile(rf'(?:({_QUOTED}|[^"]*)\.)?({_QUOTED}|[^"]*)', re.DOTALL)
_BARE = re.compile(r'[^\s+\-",:=](?:[^",:=]*[^\s",:=])?')


def quoted(name: str, always: bool = False) -> str:
    """A name as written in targets: in double quotes if needed, or always."""
    if _BARE.fullmatch(name) and not always:
        return name
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


# === The label vector of a model: c~ = [c_1, …, c_n, m] (StarGAN, section 3.3) ===


class LabelSpace:
    """The layout of a model's label vector.

    With one data set, the vector is its label. With n > 1, it is the concatenation of
    all labels (unknown ones are zero) and a one-hot mask of length n that marks the
    data set whose labels are known.

    Reference: StarGAN (Choi et al. 2018), section 3.3.

    Args:
        datasets: one `DatasetInfo` or several, in order.

    Raises:
        InputError: if there is none, or their images differ in size or channels.
    """

    def __init__(self, datasets: DatasetInfo | Sequence[DatasetInfo | Mapping]):
        self.datasets = as_infos(datasets)
        if not self.datasets:
            raise InputError("At least one data set is needed. Received: none")
        shapes = [info.shape for info in self.datasets]
        if len(set(shapes)) > 1:
            raise InputError(
                "Data sets trained together need one image_size and num_channels. "
                f"Received (height, width, channels): {shapes}"
            )
        names = [info.name for info in self.datasets]
        if len(set(names)) != len(names):
            raise InputError(f"Names of data sets must be unique. Received: {names}")

    @property
    def image_size(self) -> Size:
        """Side of the square images in pixels, or (height, width)."""
        return self.datasets[0].image_size

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of the images."""
        return self.datasets[0].shape

    @property
    def has_gaps(self) -> bool:
        """Whether images may have pixels without data."""
        return any(i.intensity and i.intensity.has_gaps for i in self.datasets)

    @property
    def lowest(self) -> float:
        """The smallest pixel value: -1, or that of pixels without data."""
        return GAP if self.has_gaps else -1.0

    @property
    def num_domains(self) -> int:
        """Number of classes the discriminator predicts, Σ c_i."""
        return sum(len(info.domains) for info in self.datasets)

    @property
    def mask_width(self) -> int:
        """n for n > 1 data sets; 0 for one, which needs no mask."""
        return len(self.datasets) if len(self.datasets) > 1 else 0

    @property
    def width(self) -> int:
        """Width of the generator's label vector."""
        return self.num_domains + self.mask_width

    @property
    def names(self) -> list[str]:
        """The domains; with the data set's name if several data sets share a name."""
        pairs = [(info.name, name) for info in self.datasets for name in info.domains]
        bare = [name for _, name in pairs]
        return [n if bare.count(n) == 1 else f"{dataset}.{n}" for dataset, n in pairs]

    @property
    def slices(self) -> tuple[slice, ...]:
        """The slice of the label vector for each data set."""
        ends = itertools.accumulate((len(i.domains) for i in self.datasets), initial=0)
        return tuple(itertools.starmap(slice, itertools.pairwise(ends)))

    def embed(self, labels: "np.ndarray", dataset: int, mask: int | None = None):
        """Puts labels of one data set into the model's label vector.

        Args:
            labels: float array (n, c_i), or (c_i,).
            dataset: index of their data set.
            mask: index of the data set in the mask; `dataset` by default. Another value
                gives the paper's *wrong mask* (figure 7).

        Returns:
            float32 array (n, width), or (width,).
        """
        import numpy as np

        labels = np.asarray(labels, np.float32)
        mask = dataset if mask is None else mask
        self.check_index("dataset", dataset)
        self.check_index("mask", mask)
        position, info = self.slices[dataset], self.datasets[dataset]
        if labels.shape[-1] != len(info.domains):
            raise InputError(
                f"Labels of '{info.name}' have {len(info.domains)} columns "
                f"{list(info.domains)}. Received: shape {labels.shape}"
            )
        vector = np.zeros((*labels.shape[:-1], self.width), np.float32)
        vector[..., position] = labels
        if self.mask_width:
            vector[..., self.num_domains + mask] = 1.0
        return vector

    def check_index(self, name: str, index: int) -> None:
        """Raises InputError if an argument is not the index of a data set."""
        if not 0 <= index < len(self.datasets):
            raise InputError(
                f"{name} must be the index of a data set, from 0 to "
                f"{len(self.datasets) - 1}. Received: {index}"
            )

    def find(self, name: str) -> tuple[int, str]:
        """Resolves a name in a target to (index of its data set, domain).

        Args:
            name: a domain, or `DATASET.NAME`, each of them bare or in double quotes.

        Raises:
            InputError: if the name is unknown or ambiguous.
        """
        places = self._places(name)
        if len(places) == 1:
            return places[0]
        if places:
            options = " or ".join(self.written(*place) for place in places)
            raise InputError(f"The name {name} is ambiguous. Write {options}.")
        known = [
            self.written(number, domain)
            for number, info in enumerate(self.datasets)
            for domain in info.domains
        ]
        raise InputError(f"The model has no domain '{name}'. {near_names(name, known)}")

    def written(self, dataset: int, domain: str) -> str:
        """A domain's name for targets, with quotes and data set if needed.

        Args:
            dataset: index of its data set.
            domain: its name.
        """
        names = self.datasets[dataset].name, domain
        bare, full = quoted(domain), ".".join(map(quoted, names))
        for name in (bare, full):
            if self._places(name) == [(dataset, domain)]:
                return name
        return ".".join(quoted(name, always=True) for name in names)

    def _places(self, name: str) -> list[tuple[int, str]]:
        """All possible meanings of `name`, as `find` returns them."""
        name, places = composed(name), []
        parts = _PARTS.fullmatch(name)
        for index, info in enumerate(self.datasets):
            dataset = composed(info.name)
            if '"' not in name:
                options = (name, name.removeprefix(f"{dataset}."))
            elif parts and parts[1] in (None, dataset, quoted(dataset, always=True)):
                options = (_unquoted(parts[2]),)
            else:
                options = ()
            domains = dict.fromkeys(name for name in options if name in info.domains)
            places += [(index, domain) for domain in domains]
        return places

    def to_list(self) -> list[dict[str, Any]]:
        """A list for JSON; `LabelSpace(space.to_list())` is the inverse."""
        return [info.to_dict() for info in self.datasets]
