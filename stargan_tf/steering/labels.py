"""Labels: what `--to Blond_Hair,Young` means for an image, and translating to it.

The models here are any with `label_space`, `translate(images, labels, dataset=, mask=)`
and `classify(images, dataset=)`: a `StarGAN`, or one that a server holds.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from stargan_tf.data.info import ONE_HOT, DatasetInfo, composed
from stargan_tf.data.labels import LabelSpace
from stargan_tf.errors import InputError, near_names
from stargan_tf.translation.grid import INPUT, Heading


@dataclass(frozen=True)
class Target:
    """What to change, in the words of one data set.

    Args:
        dataset: index of the data set in the model's `LabelSpace`.
        changes: domain name → 1.0 (on) or 0.0 (off).
    """

    dataset: int
    changes: Mapping[str, float]


def parse_target(text: str, label_space: LabelSpace) -> Target:
    """Reads `NAME`, `NAME=0` or `NAME=1`, several with commas between."""
    settings = [_split_setting(item) for item in composed(text).split(",")]
    owners = {name: label_space.find(name) for name, _ in settings}
    if len(set(owners.values())) > 1:
        named = ", ".join(
            f"{name} ({label_space.datasets[index].name})"
            for name, index in owners.items()
        )
        raise InputError(
            "A target names domains of one data set at a time: the model's mask says "
            f"which labels are known. Received: {named}. Translate to one, then "
            "translate the result to the other."
        )
    dataset = next(iter(owners.values()))
    info = label_space.datasets[dataset]
    changes: dict[str, float] = {}
    for name, value in settings:
        domain = name if name in info.domains else name.rpartition(".")[2]
        if changes.setdefault(domain, value) != value:
            raise InputError(
                f"The target wants '{domain}' both on and off. Keep one of the two."
            )
    _check_exclusive(info, changes)
    return Target(dataset, changes)


def _split_setting(item: str) -> tuple[str, float]:
    name, equals, value = item.strip().rpartition("=")
    if not equals:
        name, value = value, "1"
    if not name or value not in ("0", "1"):
        raise InputError(
            "A target is NAME, NAME=0 or NAME=1, several with commas between. "
            f"Received: '{item}'"
        )
    return name, float(value)


def _check_exclusive(info: DatasetInfo, changes: Mapping[str, float]) -> None:
    switched_on = [domain for domain, value in changes.items() if value]
    for domain in switched_on:
        clashes = [other for other in info.rivals(domain) if other in switched_on]
        if clashes:
            raise InputError(
                f"'{domain}' and '{clashes[0]}' cannot be on together. Keep one."
            )
    if info.label_type == ONE_HOT and not switched_on:
        raise InputError(
            f"Exactly one domain of '{info.name}' is on: name the one to switch to, "
            f"not only {', '.join(changes)} off. Known: {', '.join(info.domains)}."
        )


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


def apply_target(
    info: DatasetInfo, source_labels: np.ndarray, changes: Mapping[str, float]
) -> np.ndarray:
    """Changes labels; what is not named keeps the source's own value.

    Args:
        source_labels: array (n, c) or (c,) of 0 and 1.
        changes: domain name → 1.0 or 0.0. Switching a domain on switches the
            others of its exclusive group off.

    Returns:
        A new float32 array of the same shape.
    """
    labels = np.array(source_labels, np.float32)
    for domain, value in changes.items():
        labels[..., info.index(domain)] = value
        rivals = info.rivals(domain) if value else ()
        labels[..., [info.index(rival) for rival in rivals]] = 0.0
    return labels


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


def binarize(info: DatasetInfo, probabilities: np.ndarray) -> np.ndarray:
    """The most likely labels: 0 or 1, at most one on in each exclusive group.

    In an exclusive group the likeliest member is on if it is likely that any is:
    members exclude each other, so that probability is their sum. (A CelebA face
    may have none of the three hair colors, and must not be given one.)

    Args:
        probabilities: array (n, c) or (c,), as `model.classify` returns.

    Returns:
        A float32 array of the same shape.
    """
    probabilities = np.asarray(probabilities, np.float32)
    if info.label_type == ONE_HOT:
        return _likeliest(probabilities)
    labels = (probabilities >= 0.5).astype(np.float32)
    for group in info.exclusive_groups:
        columns = [info.index(domain) for domain in group]
        members = probabilities[..., columns]
        any_on = members.sum(axis=-1, keepdims=True) >= 0.5
        labels[..., columns] = _likeliest(members) * any_on
    return labels


def _likeliest(probabilities: np.ndarray) -> np.ndarray:
    width = probabilities.shape[-1]
    return np.eye(width, dtype=np.float32)[probabilities.argmax(axis=-1)]


def source_labels(
    model: Any, images: np.ndarray, dataset: int, given: Target | None
) -> np.ndarray:
    """The labels that images have before their translation: given, or predicted.

    Args:
        images: uint8 (n, h, w, 3), the shorter side the model's image size.

    Returns:
        float32 (n, c), 0 or 1.
    """
    info = model.label_space.datasets[dataset]
    nothing = np.zeros((len(images), len(info.domains)), np.float32)
    if given is not None and given.dataset == dataset:
        return apply_target(info, nothing, given.changes)
    if info.label_type == ONE_HOT:
        # The target will say everything: asking the discriminator would be in vain.
        return nothing
    # The discriminator takes squares only; the shorter side already has its size.
    side = info.image_size
    top, left = (images.shape[1] - side) // 2, (images.shape[2] - side) // 2
    squares = images[:, top : top + side, left : left + side]
    return binarize(info, model.classify(squares, dataset=dataset))


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
        source = source_labels(model, images, dataset, self.given)
        info = self.label_space.datasets[dataset]
        labels = apply_target(info, source, self.target.changes)
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
            source = source_labels(model, images, dataset, self.given)
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
    shared = Counter(name for info in label_space.datasets for name in info.domains)
    titles = []
    for info in label_space.datasets:
        for domain in info.domains:
            title = f"{info.name}.{domain}" if shared[domain] > 1 else domain
            titles.append(f"{title} on/off" if is_flipped(info, domain) else title)
    return titles
