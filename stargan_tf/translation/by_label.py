"""Translation by label: what to change, applied to a model and its images."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.label_space import LabelSpace
from stargan_tf.errors import InputError, near_names
from stargan_tf.translation.heading import INPUT, Heading
from stargan_tf.translation.source_labels import LabelModel, source_labels
from stargan_tf.translation.targets import (
    Target,
    all_targets,
    apply_target,
    is_flipped,
)


@dataclass(frozen=True)
class ToTarget:
    """Translates every picture to one target.

    Args:
        label_space: the model's names.
        target: what to change.
        given: the pictures' own labels, as `--from` names them; None asks the model.
        mask: index of the data set that the mask claims; None claims the target's.

    Raises:
        InputError: if the given labels are another data set's than the target.
    """

    label_space: LabelSpace
    target: Target
    given: Target | None = None
    mask: int | None = None

    def __post_init__(self) -> None:
        if self.given is not None and self.given.dataset != self.target.dataset:
            source, target = (
                self.label_space.datasets[words.dataset].name
                for words in (self.given, self.target)
            )
            raise InputError(
                "--from and --to must name domains of the same data set. "
                f"Received: --from of '{source}', --to of '{target}'"
            )

    def __call__(self, model: LabelModel, images: np.ndarray) -> np.ndarray:
        """uint8 images (n, h, w, 3) → uint8 images of the same shape."""
        dataset = self.target.dataset
        source = source_labels(model, images, dataset, self.given)
        info = self.label_space.datasets[dataset]
        labels = apply_target(info, source, self.target.changes)
        return model.translate(images, labels, dataset=dataset, mask=self.mask)


@dataclass(frozen=True)
class ToEveryDomain:
    """Translates every picture to each domain of each data set: the paper's grid.

    Args:
        label_space: the model's names.
        given: as in `ToTarget`.
        mask: as in `ToTarget`.
    """

    label_space: LabelSpace
    given: Target | None = None
    mask: int | None = None

    @property
    def titles(self) -> list[str]:
        """A title for each domain, in the order of the outputs."""
        return domain_titles(self.label_space)

    @property
    def heading(self) -> Heading:
        """The grid's head: the input, then every domain."""
        return Heading([INPUT, *self.titles])

    def __call__(self, model: LabelModel, images: np.ndarray) -> list[np.ndarray]:
        """uint8 images (n, h, w, 3) → a list of the like, one for each domain."""
        outputs = []
        for dataset, info in enumerate(self.label_space.datasets):
            source = source_labels(model, images, dataset, self.given)
            outputs += [
                model.translate(images, labels, dataset=dataset, mask=self.mask)
                for labels in all_targets(info, source).values()
            ]
        return outputs


def domain_titles(label_space: LabelSpace) -> list[str]:
    """What to write above the columns of the paper's grid.

    Args:
        label_space: the model's names.

    Returns:
        The domains' names, with the data set's where two share one; those that are
        flipped, not switched on, say so.
    """
    shared = Counter(name for info in label_space.datasets for name in info.domains)
    return [
        _title(info, domain, shared[domain] > 1)
        for info in label_space.datasets
        for domain in info.domains
    ]


def _title(info: DatasetInfo, domain: str, shared: bool) -> str:
    name = f"{info.name}.{domain}" if shared else domain
    return f"{name} on/off" if is_flipped(info, domain) else name


def parse_mask(text: str, label_space: LabelSpace) -> int:
    """Index of the data set that the mask is to claim (the paper's wrong mask).

    Args:
        text: a data set's name.
        label_space: the model's names.

    Raises:
        InputError: if the model has no such data set, or only one.
    """
    names = [info.name for info in label_space.datasets]
    if len(names) == 1:
        raise InputError(
            "--mask needs a model trained on several data sets. Received: --mask "
            f"{text}, and a model of '{names[0]}' alone, which has no mask"
        )
    if text not in names:
        raise InputError(
            f"--mask names one of the model's data sets; '{text}' is none. "
            + near_names(text, names)
        )
    return names.index(text)
