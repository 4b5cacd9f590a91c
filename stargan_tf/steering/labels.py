"""Steering by labels: translation to one target, or to a grid of all domains.

It works with every model that has `label_space`, `translate(images, labels, dataset=,
mask=)`, and `classify(images, dataset=)`, such as a `StarGAN` or a model on a server.
If the model has `takes_source = True`, `translate` also gets `source=`, the labels of
the images, whenever they are known.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from stargan_tf.data.info import ONE_HOT, DatasetInfo
from stargan_tf.data.labels import LabelSpace
from stargan_tf.data.targets import (
    Target,
    apply_target,
    source_labels,
    target_labels,
)
from stargan_tf.errors import InputError, near_names
from stargan_tf.translation.grid import INPUT, Heading


def parse_mask(text: str, label_space: LabelSpace) -> int:
    """Returns the index of the data set that the mask selects."""
    names = [info.name for info in label_space.datasets]
    if len(names) == 1:
        raise InputError(
            "--mask needs a model trained on several data sets. Received: --mask "
            f"{text}, and a model trained on '{names[0]}' only. Remove --mask."
        )
    if text not in names:
        raise InputError(
            "--mask must be the name of one of the model's data sets. Received: "
            f"'{text}'. " + near_names(text, names)
        )
    return names.index(text)


def all_targets(info: DatasetInfo, source_labels: np.ndarray) -> dict[str, np.ndarray]:
    """Returns target labels for each domain, as in the grids of the paper.

    Members of an exclusive group and one-hot domains are set to 1; all other attributes
    are flipped.

    Args:
        info: the `DatasetInfo`.
        source_labels: array (n, c) or (c,) of 0 and 1.

    Returns:
        Name of the domain → float32 array like `source_labels`, in the order of the
        domains.
    """
    source = np.asarray(source_labels, np.float32)
    targets = {}
    for column, domain in enumerate(info.domains):
        targets[domain] = apply_target(info, source, {domain: 1.0})
        if is_flipped(info, domain):
            targets[domain][..., column] = 1.0 - source[..., column]
    return targets


def known_labels(model: Any, source: np.ndarray) -> dict[str, np.ndarray]:
    """Returns the argument of `translate` with the labels of the images, or none."""
    return {"source": source} if getattr(model, "takes_source", False) else {}


def is_flipped(info: DatasetInfo, domain: str) -> bool:
    """Whether the paper's grid flips `domain` instead of setting it to 1."""
    return info.label_type != ONE_HOT and not info.rivals(domain)


@dataclass(frozen=True)
class ToTarget:
    """Translates every image to one target.

    Args:
        label_space: the model's `LabelSpace`.
        target: the labels to change.
        given: labels of the images, as passed with `--from`; if None, the model
            predicts them.
        mask: index of the data set that the mask selects; None for that of the target.

    Raises:
        InputError: if `given` and `target` belong to different data sets.
    """

    label_space: LabelSpace
    target: Target
    given: Target | None = None
    mask: int | None = None

    def __post_init__(self) -> None:
        if self.given is not None and self.given.dataset != self.target.dataset:
            source, target = (
                self.label_space.datasets[labels.dataset].name
                for labels in (self.given, self.target)
            )
            raise InputError(
                "--from and --to must name domains of the same data set. "
                f"Received: --from of '{source}', --to of '{target}'"
            )

    def __call__(self, model: Any, images: np.ndarray) -> list[np.ndarray]:
        """Translates uint8 images (n, h, w, 3) to a list with one array like them."""
        dataset = self.target.dataset
        labels = target_labels(model, images, self.target, self.given)
        known = {}
        if self.given is not None:
            source = source_labels(model, images, dataset, self.given)
            known = known_labels(model, source)
        return [
            model.translate(images, labels, dataset=dataset, mask=self.mask, **known)
        ]


@dataclass(frozen=True)
class ToEveryDomain:
    """Translates every image to each domain of each data set: the paper's grid.

    Args:
        label_space: the model's `LabelSpace`.
        given: labels of the images, as passed with `--from`; if None, the model
            predicts them.
        mask: index of the data set that the mask selects; None for that of each domain.
    """

    label_space: LabelSpace
    given: Target | None = None
    mask: int | None = None

    @property
    def heading(self) -> Heading:
        """Column heading of the grid: the input, then every domain."""
        return Heading([INPUT, *domain_titles(self.label_space)])

    def __call__(self, model: Any, images: np.ndarray) -> list[np.ndarray]:
        """Translates uint8 images (n, h, w, 3) to a list of one array per domain."""
        outputs = []
        for dataset, info in enumerate(self.label_space.datasets):
            given = self.given
            if given is not None and given.dataset != dataset:
                given = None
            if info.label_type == ONE_HOT:  # Targets do not depend on the source.
                source = np.zeros((len(images), len(info.domains)), np.float32)
            else:
                source = source_labels(model, images, dataset, given)
            known = known_labels(model, source)
            outputs += [
                model.translate(
                    images, labels, dataset=dataset, mask=self.mask, **known
                )
                for labels in all_targets(info, source).values()
            ]
        return outputs


def domain_titles(label_space: LabelSpace) -> list[str]:
    """Returns the column titles of the domains in the paper's grid.

    A name that occurs in two data sets includes the name of the data set. Domains that
    are flipped end in "on/off".
    """
    pairs = [(info, domain) for info in label_space.datasets for domain in info.domains]
    return [
        f"{name} on/off" if is_flipped(info, domain) else name
        for name, (info, domain) in zip(label_space.names, pairs, strict=True)
    ]
