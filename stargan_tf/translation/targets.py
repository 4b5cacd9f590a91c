"""From names to labels: what `--to Blond_Hair,Young` means for a source's label."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from stargan_tf.data.info import ONE_HOT, DatasetInfo, composed
from stargan_tf.data.label_space import LabelSpace
from stargan_tf.errors import InputError


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
    """Reads `NAME`, `NAME=0` or `NAME=1`, several with commas between.

    Args:
        text: such as `"Blond_Hair,Young"` or `"Male=0"`; where two data sets share
            a name, `dataset.NAME`.
        label_space: the model's names.

    Returns:
        The data set the names belong to, and the changes.

    Raises:
        InputError: unknown or ambiguous names, names of two data sets, or a
            contradiction (a name on and off, two members of an exclusive group).
    """
    settings = [_split_setting(item) for item in composed(text).split(",")]
    found = {name: label_space.find(name) for name, _ in settings}
    if len(set(found.values())) > 1:
        raise InputError(_two_datasets_message(found, label_space))
    dataset = next(iter(found.values()))
    info = label_space.datasets[dataset]
    changes = _merge(info, settings)
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


def _merge(info: DatasetInfo, settings: list[tuple[str, float]]) -> dict[str, float]:
    changes: dict[str, float] = {}
    for name, value in settings:
        domain = name if name in info.domains else name.rpartition(".")[2]
        if changes.setdefault(domain, value) != value:
            raise InputError(
                f"The target wants '{domain}' both on and off. Keep one of the two."
            )
    return changes


def _two_datasets_message(found: Mapping[str, int], label_space: LabelSpace) -> str:
    owners = [f"{name} ({label_space.datasets[i].name})" for name, i in found.items()]
    return (
        "A target names domains of one data set at a time: the model's mask says "
        f"which labels are known. Received: {', '.join(owners)}. Translate to one, "
        "then translate the result to the other."
    )


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


def apply_target(
    info: DatasetInfo, source_labels: np.ndarray, changes: Mapping[str, float]
) -> np.ndarray:
    """Changes labels; what is not named keeps the source's own value.

    Args:
        info: the data set of the labels.
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


def binarise(info: DatasetInfo, probabilities: np.ndarray) -> np.ndarray:
    """The most likely labels: 0 or 1, at most one on in each exclusive group.

    In an exclusive group the likeliest member is on if it is likely that any is:
    members exclude each other, so that probability is their sum. (A CelebA face
    may have none of the three hair colours, and must not be given one.)

    Args:
        info: the data set of the labels.
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


def all_targets(info: DatasetInfo, source_labels: np.ndarray) -> dict[str, np.ndarray]:
    """The paper's grid: a target label for each domain.

    Members of an exclusive group and one-hot domains are switched on; every other
    attribute is flipped.

    Args:
        info: the data set of the labels.
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
