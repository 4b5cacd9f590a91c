"""Targets: changes of labels as text, such as `Blond_Hair,-Young`.

docs/targets.md describes the grammar for users.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from stargan_tf.data.info import ONE_HOT, DatasetInfo, composed, size_text
from stargan_tf.data.labels import LabelSpace, quoted
from stargan_tf.errors import InputError

# A comma outside quotes: an even number of quotes follows it.
_COMMA = re.compile(r',(?=(?:[^"]*"[^"]*")*[^"]*$)')
_CHANGE = re.compile(
    r'([+-]?)(.*?)(?:=([^"=:]*)|:([^"=:]*))?', re.DOTALL
)  # sign, name, switch, strength
_GRAMMAR = (
    "A target must be NAME, +NAME, -NAME, or NAME:STRENGTH (0 to 1), or several of "
    'them separated by commas, with quotes around special names: "Hair, blond".'
)


@dataclass(frozen=True)
class Target:
    """Changes of the labels of one data set.

    Args:
        dataset: index of the data set in the model's `LabelSpace`.
        changes: domain name → change in [-1, 1]: 1.0 switches it on, -1.0 off, 0.5
            moves it halfway from the source's label to on.
    """

    dataset: int
    changes: Mapping[str, float]

    @property
    def chosen(self) -> tuple[str, float]:
        """For one-hot labels, the target domain and the strength in [0, 1]."""
        return max(self.changes.items(), key=lambda change: change[1])


def parse_target(text: str, label_space: LabelSpace) -> Target:
    """Parses a target.

    Args:
        text: such as `Blond_Hair,-Young`, `happy:0.5`, or `faces."Hair, blond"`. A text
            that equals the name of a domain means that domain.
        label_space: the label space of the model.

    Raises:
        InputError: if the text is invalid, or names an unknown domain, domains of
            several data sets, or mutually exclusive domains.
    """
    text = composed(text)
    items = [text] if _is_name(text, label_space) else _COMMA.split(text)
    read = [_change(item, label_space) for item in items]
    owners = {label_space.written(*place): place[0] for place, _ in read}
    if len(set(owners.values())) > 1:
        named = ", ".join(
            f"{name} ({label_space.datasets[index].name})"
            for name, index in owners.items()
        )
        raise InputError(
            "A target must name domains of a single data set. Received: "
            f"{named}. Translate to one, then translate the result to the other."
        )
    (dataset, _), _ = read[0]
    changes: dict[str, float] = {}
    for (_, domain), shift in read:
        if changes.setdefault(domain, shift) != shift:
            raise InputError(
                f"The target names '{domain}' twice with different values. Keep one."
            )
    _check_exclusive(label_space.datasets[dataset], changes)
    return Target(dataset, changes)


def _is_name(text: str, label_space: LabelSpace) -> bool:
    named = any(text in info.domains for info in label_space.datasets)
    return named and not text.startswith('"')


def _change(item: str, label_space: LabelSpace) -> tuple[tuple[int, str], float]:
    """((index of the data set, domain), change)."""
    for exact in (item, item.strip()):
        if _is_name(exact, label_space):
            return label_space.find(quoted(exact, always=True)), 1.0
    sign, name, switch, strength = _CHANGE.fullmatch(item.strip()).groups()
    try:
        shift = 1.0 if strength is None else float(strength)
        if not name.strip() or switch not in (None, "0", "1") or (sign and switch):
            raise ValueError
    except ValueError:
        raise InputError(f"{_GRAMMAR} Received: '{item.strip()}'") from None
    if not 0.0 <= shift <= 1.0:
        raise InputError(
            f"The strength of '{name}' must be in [0, 1], from the source to the "
            f"target. Received: {strength}"
        )
    is_off = sign == "-" or switch == "0"
    return label_space.find(name.strip()), -shift if is_off else shift


def _check_exclusive(info: DatasetInfo, changes: Mapping[str, float]) -> None:
    switched_on = [domain for domain, shift in changes.items() if shift > 0.0]
    for domain in switched_on:
        clashes = [other for other in info.rivals(domain) if other in switched_on]
        if clashes:
            raise InputError(
                f"'{domain}' and '{clashes[0]}' exclude each other. Keep one."
            )
    if info.label_type == ONE_HOT and max(changes.values()) < 0.0:
        raise InputError(
            f"The target must name the domain of '{info.name}' to switch to. Received: "
            f"only {', '.join(changes)} off. Known: {', '.join(info.domains)}."
        )


def apply_target(
    info: DatasetInfo, source_labels: np.ndarray, changes: Mapping[str, float]
) -> np.ndarray:
    """Applies changes to labels; other labels keep the source's value.

    Args:
        info: the data set of the labels.
        source_labels: array (n, c) or (c,) in [0, 1].
        changes: as in `Target`. Moving a domain toward on moves the others of its
            exclusive group toward off by the same amount.

    Returns:
        A new float32 array of the same shape.
    """
    on, off = np.zeros((2, len(info.domains)), np.float32)
    for domain, shift in changes.items():
        on[info.index(domain)] = max(shift, 0.0)
        off[info.index(domain)] += max(-shift, 0.0)
        rivals = info.rivals(domain) if shift > 0.0 else ()
        off[[info.index(rival) for rival in rivals]] += shift
    source = np.asarray(source_labels, np.float32)
    return source * np.clip(1.0 - on - off, 0.0, 1.0) + on


def binarize(info: DatasetInfo, probabilities: np.ndarray) -> np.ndarray:
    """The most likely labels: 0 or 1, at most one on in each exclusive group.

    In an exclusive group, the most likely member is on if it is likely that any is:
    since members exclude each other, that probability is their sum. (A face in CelebA
    may have none of the three hair colors.)

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


# Models below need `label_space` and `classify(images, dataset=)`.


def source_labels(
    model: Any, images: np.ndarray, dataset: int, given: Target | None = None
) -> np.ndarray:
    """The labels of images before their translation: given, or predicted.

    Args:
        model: a label model.
        images: (n, h, w, c), of the model's size, or larger on one side.
        dataset: index of the data set whose labels to return.
        given: the labels that are on, all others off; None to predict them.

    Returns:
        float32 (n, c), 0 or 1 where they are predicted.

    Raises:
        InputError: if the images are of another size.
    """
    info = model.label_space.datasets[dataset]
    if given is not None:
        nothing = np.zeros((len(images), len(info.domains)), np.float32)
        return apply_target(info, nothing, given.changes)
    sizes, expected = images.shape[1:3], info.shape[:2]
    spare = [size - side for size, side in zip(sizes, expected, strict=True)]
    if sorted(spare)[0] != 0:
        raise InputError(
            "To predict labels, one side of the images must be that of the model, "
            f"{size_text(info.image_size)}, and the other at least as long. Received: "
            f"{sizes[0]} x {sizes[1]}. Resize the images, or pass label vectors."
        )
    # The discriminator takes images of one size only.
    rows, columns = (
        slice(n // 2, n // 2 + side) for n, side in zip(spare, expected, strict=True)
    )
    middle = images[:, rows, columns]
    return binarize(info, model.classify(middle, dataset=dataset))


def target_labels(
    model: Any, images: np.ndarray, target: Target, given: Target | None = None
) -> np.ndarray:
    """The labels of the translations; arguments and errors as of `source_labels`.

    Returns:
        float32 (n, c).
    """
    info = model.label_space.datasets[target.dataset]
    if info.label_type == ONE_HOT and target.chosen[1] == 1.0:
        # The target determines all labels, so that none need to be predicted.
        source = np.zeros((len(images), len(info.domains)), np.float32)
    else:
        source = source_labels(model, images, target.dataset, given)
    return apply_target(info, source, target.changes)


def vectors_of_targets(
    model: Any, images: np.ndarray, texts: list[str], mask: int | None = None
) -> np.ndarray:
    """The model's label vectors for targets as text: one for each image, or for all.

    Returns:
        float32 (n, `label_space.width`).

    Raises:
        InputError: if a target is invalid, or their number does not match.
    """
    space = model.label_space
    targets = {text: parse_target(text, space) for text in dict.fromkeys(texts)}
    if len(texts) not in (1, len(images)):
        raise InputError(
            f"Expected one target per image, or one for all. Received: {len(images)} "
            f"images, {len(texts)} targets"
        )
    texts = np.broadcast_to(np.array(texts, object), len(images))
    vectors = np.zeros((len(images), space.width), np.float32)
    for text, target in targets.items():
        rows = np.flatnonzero(texts == text)
        labels = target_labels(model, images[rows], target)
        vectors[rows] = space.embed(labels, target.dataset, mask)
    return vectors
