"""What people ask of a run that looks wrong: is the label ignored, is D saturated?"""

import itertools
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from stargan_tf.data.labels import LabelSpace
from stargan_tf.data.source import LabelledImages, UnreadableImage
from stargan_tf.steering.labels import all_targets

# The fixed held-out images that a run is watched by, and their translations.


@dataclass(frozen=True)
class HeldOutImages:
    """Images of one data set, with their labels.

    Args:
        images: uint8 (n, size, size, 3).
        labels: float32 (n, number of domains).
        dataset: index of their data set in the model's `LabelSpace`.
    """

    images: np.ndarray
    labels: np.ndarray
    dataset: int


def pick(source: LabelledImages, dataset: int, count: int) -> HeldOutImages:
    """Some images spread over a data set, the same ones at each call.

    Args:
        source: the held-out split.
        dataset: its index in the model's `LabelSpace`.
        count: how many at most; unreadable ones are passed over.
    """
    return load_some(source, spread(len(source), count), dataset)


def spread(total: int, count: int) -> list[int]:
    """Some of the numbers below `total`, evenly spread, first and last included.

    Args:
        total: how many there are.
        count: how many at most; all of them if they are fewer.
    """
    places = np.linspace(0, total - 1, min(count, total))
    return np.unique(places.round().astype(int)).tolist()


def load_some(
    source: LabelledImages, rows: Iterable[int], dataset: int = 0
) -> HeldOutImages:
    """Images of a data set by their numbers.

    Args:
        source: the held-out split.
        rows: the numbers; unreadable images are passed over.
        dataset: index of the data set in the model's `LabelSpace`.

    Raises:
        UnreadableImage: if none of them can be read.
    """
    found = []
    for index in rows:
        try:
            found.append((source.load(int(index)), source.labels[index]))
        except UnreadableImage:
            continue
    if not found:
        raise UnreadableImage(
            f"None of the held-out images of '{source.info.name}' can be read."
        )
    images, labels = map(np.stack, zip(*found, strict=True))
    return HeldOutImages(images, labels, dataset)


def column_titles(space: LabelSpace) -> list[str]:
    """Titles of the sample grid: the input, then each domain of each data set."""
    names = [name for info in space.datasets for name in info.domains]
    titles = ["input"]
    for info in space.datasets:
        for name in info.domains:
            shared = names.count(name) > 1
            titles.append(f"{info.name}.{name}" if shared else name)
    return titles


def translations(
    model: Any, held_out: HeldOutImages, shown: Collection[int]
) -> list[np.ndarray]:
    """Translations of the images, in the order of `column_titles`.

    Args:
        model: has `label_space` and `translate`.
        held_out: the images. In a joint model they are translated to the domains of
            the other data sets as well; there their own label is unknown, all zero.
        shown: the domains to translate to, counted through all data sets.

    Returns:
        For each domain shown a uint8 array like `held_out.images`.
    """
    columns = []
    number = itertools.count()
    for dataset, info in enumerate(model.label_space.datasets):
        known = held_out.labels
        if dataset != held_out.dataset:
            known = np.zeros((len(known), len(info.domains)), np.float32)
        for labels in all_targets(info, known).values():
            if next(number) in shown:
                translated = model.translate(held_out.images, labels, dataset=dataset)
                columns.append(translated)
    return columns


def grid_rows(
    groups: Sequence[HeldOutImages], columns: Sequence[Sequence[np.ndarray]]
) -> list[list[np.ndarray]]:
    """Rows of the sample grid: each image followed by its translations.

    Args:
        groups: the images, a group per data set.
        columns: `translations` of each group.
    """
    return [
        [group.images[i], *(column[i] for column in translated)]
        for group, translated in zip(groups, columns, strict=True)
        for i in range(len(group.images))
    ]


# Mean absolute difference, with images in [-1, 1], below which no eye sees a change.
NO_VISIBLE_CHANGE = 0.01


def label_effect(columns: Sequence[np.ndarray]) -> float:
    """How much the label matters: mean |G(x, c1) - G(x, c2)|, images in [-1, 1].

    Args:
        columns: uint8 images (n, height, width, 3), one array for each of at least
            two target labels.

    Returns:
        The mean over neighbouring pairs of labels.
    """
    pairs = pairwise(columns)
    effects = [np.abs(a.astype(np.int16) - b).mean() / 127.5 for a, b in pairs]
    return float(np.mean(effects))


def critic_view(real: np.ndarray, fakes: np.ndarray) -> dict[str, float]:
    """How easily the critic tells held-out images from their translations.

    Args:
        real: the critic's scores of n real images, (n,).
        fakes: those of k translations of each, (k, n).

    Returns:
        `critic_gap`: mean D(x) - D(G(x)); `critic_wins`: the share of images whose
        translation scores lower than they do. A gap that grows while the wins stay
        at 1 is a saturated critic.
    """
    return {
        "critic_gap": float(np.mean(real - fakes)),
        "critic_wins": float(np.mean(real > fakes)),
    }
