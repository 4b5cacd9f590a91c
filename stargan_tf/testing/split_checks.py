"""Are the splits apart, named, and the same each time?"""

import hashlib
from collections import Counter
from collections.abc import Iterator

import numpy as np

from stargan_tf.data.dataset_options import HELD_OUT, TRAIN
from stargan_tf.testing.subject import Subject


def check_names(subject: Subject) -> Iterator[str]:
    """Each name once, in both splits together."""
    for split, images in subject.opened.items():
        twice = [name for name, count in Counter(images.names).items() if count > 1]
        if twice:
            yield f"{split}: names must be unique. Received twice: {_some(twice)}"
        if not all(isinstance(name, str) and name for name in images.names):
            yield f"{split}: names must be texts that are not empty."
    train, held_out = (set(subject.opened[split].names) for split in (TRAIN, HELD_OUT))
    if train & held_out:
        yield (
            "No picture may be in both splits. Received the same names: "
            f"{_some(train & held_out)}"
        )


def check_pictures_are_apart(subject: Subject) -> Iterator[str]:
    """No picture is in both splits under two names."""
    names: dict[str, str] = {}
    for split in (TRAIN, HELD_OUT):
        for index in subject.some(split):
            pixels = np.ascontiguousarray(subject.picture(split, index))
            key = hashlib.sha256(pixels).hexdigest()
            name = f"{split} {subject.opened[split].names[index]}"
            other = names.setdefault(key, name)
            if split == HELD_OUT and other.startswith(f"{TRAIN} "):
                yield (
                    "No picture may be in both splits. Received the same pixels: "
                    f"{other} and {name}"
                )


def check_fingerprints(subject: Subject) -> Iterator[str]:
    """They tell apart what differs, and stay where nothing does."""
    keys = {split: images.fingerprint for split, images in subject.opened.items()}
    if not all(isinstance(key, str) and key for key in keys.values()):
        yield f"fingerprint must be a text that is not empty. Received: {keys}"
    if keys[TRAIN] == keys[HELD_OUT]:
        yield f"The splits must have different fingerprints. Received: {keys[TRAIN]!r}"
    larger = subject.load(TRAIN, 2 * subject.image_size)
    if larger.fingerprint == keys[TRAIN]:
        yield "Another image_size must give another fingerprint. Received: the same"


def check_opening_again(subject: Subject) -> Iterator[str]:
    """A second time everything is as the first time."""
    for split, first in subject.opened.items():
        again = subject.load(split)
        if again.fingerprint != first.fingerprint:
            yield f"{split}: the fingerprint must not change. Received: another one"
        if again.names != first.names:
            yield f"{split}: names must come in the same order each time."
        elif not np.array_equal(again.labels, first.labels):
            yield f"{split}: labels must be the same each time."


def _some(names: object) -> str:
    return ", ".join(sorted(map(str, names))[:3])


SPLIT_CHECKS = (
    check_names,
    check_pictures_are_apart,
    check_fingerprints,
    check_opening_again,
)
