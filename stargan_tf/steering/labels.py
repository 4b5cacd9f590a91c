"""Labels: translating images to one target, or to the paper's grid of all.

The models here are any with `label_space`, `translate(images, labels, dataset=, mask=)`
and `classify(images, dataset=)`: a `StarGAN`, or one that a server holds.
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
    """Index of the data set that the (in the paper, wrong) mask is to claim."""
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


def all_targets(info: DatasetInfo, source_labels: np.ndarray) -> dict[str, np.ndarray]:
    """The paper's grid: a target label for each domain.

    Members of an exclusive group and one-hot domains are switched on; every other
    attribute is flipped.

    Args:
        source_labels: array (n, c) or (c,) of 0 and 1.

    Returns:
        Domain name → float32 array like `source_labels`, in the order of the names.
    """
    source = np.asarray(source_labels, np.float32)
    targets = {}
    for column, domain in enumerate(info.domains):
        targets[domain] = apply_target(info, source, {domain: 1.0})
        if is_flipped(info, domain):
            targets[domain][..., column] = 1.0 - source[..., column]
    return targets


def is_flipped(info: DatasetInfo, domain: str) -> bool:
    """Whether the paper's grid flips `domain` rather than switching it on."""
    return info.label_type != ONE_HOT and not info.rivals(domain)


@dataclass(frozen=True)
class ToTarget:
    """Translates every image to one target.

    Args:
        label_space: the model's names.
        target: what to change.
        given: the images' own labels, as `--from` names them; None asks the model.
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
                self.label_space.datasets[labels.dataset].name
                for labels in (self.given, self.target)
            )
            raise InputError(
                "--from and --to must name domains of the same data set. "
                f"Received: --from of '{source}', --to of '{target}'"
            )

    def __call__(self, model: Any, images: np.ndarray) -> list[np.ndarray]:
        """uint8 images (n, h, w, 3) → one array of the same shape, in a list."""
        dataset = self.target.dataset
        labels = target_labels(model, images, self.target, self.given)
        return [model.translate(images, labels, dataset=dataset, mask=self.mask)]


@dataclass(frozen=True)
class ToEveryDomain:
    """Translates every image to each domain of each data set: the paper's grid.

    The arguments are those of `ToTarget`.
    """

    label_space: LabelSpace
    given: Target | None = None
    mask: int | None = None

    @property
    def heading(self) -> Heading:
        """The grid's head: the input, then every domain."""
        return Heading([INPUT, *domain_titles(self.label_space)])

    def __call__(self, model: Any, images: np.ndarray) -> list[np.ndarray]:
        """uint8 images (n, h, w, 3) → an array of the same shape for each domain."""
        outputs = []
        for dataset, info in enumerate(self.label_space.datasets):
            given = self.given
            if given is not None and given.dataset != dataset:
                given = None
            if info.label_type == ONE_HOT:  # The targets say everything.
                source = np.zeros((len(images), len(info.domains)), np.float32)
            else:
                source = source_labels(model, images, dataset, given)
            outputs += [
                model.translate(images, labels, dataset=dataset, mask=self.mask)
                for labels in all_targets(info, source).values()
            ]
        return outputs


def domain_titles(label_space: LabelSpace) -> list[str]:
    """The domains' names, as they stand above the columns of the paper's grid.

    They have the data set's name where two share one; those that are flipped, not
    switched on, say so.
    """
    pairs = [(info, domain) for info in label_space.datasets for domain in info.domains]
    return [
        f"{name} on/off" if is_flipped(info, domain) else name
        for name, (info, domain) in zip(label_space.names, pairs, strict=True)
    ]
