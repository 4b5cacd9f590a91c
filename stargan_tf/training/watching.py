"""What a training is watched by: images of held-out images, and what they say."""

import itertools
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from stargan_tf.data.pictures import to_float
from stargan_tf.data.source import LabeledImages, UnreadableImage
from stargan_tf.evaluation.tasks import subsample
from stargan_tf.steering.labels import all_targets
from stargan_tf.translation.grid import draw_grid

# Mean absolute difference, with images in [-1, 1], below which no eye sees a change.
NO_VISIBLE_CHANGE = 0.01
ROWS, COLUMNS = 8, 16  # at most, so that no picture grows with the domains


@dataclass(frozen=True)
class Samples:
    """What a model draws of held-out images, and what that says about the training.

    `ModelFamily.sampler` makes it: a callable that is given the held-out sources and
    returns a callable from the model to its `Samples`.

    Args:
        pictures: kind → image; the kind is part of the file's name, and may be empty.
        diagnostics: name → number.
        shown: how many domains the pictures show, and how many there are.
        warning: set if the generator ignores what should change its images: how that
            was measured, and what helps.
    """

    pictures: Mapping[str, Image.Image]
    diagnostics: Mapping[str, float]
    shown: tuple[int, int]
    warning: str = ""


@dataclass(frozen=True)
class HeldOutImages:
    """Images of one data set, with their labels.

    Args:
        images: (n, height, width, channels), uint8 or, measured, float in [-1, 1].
        labels: float32 (n, number of domains).
        dataset: index of their data set in the model's `LabelSpace`.
    """

    images: np.ndarray
    labels: np.ndarray
    dataset: int

    @property
    def domains(self) -> np.ndarray:
        """The number of each image's domain, int32 (n,); for one-hot labels."""
        return self.labels.argmax(axis=1).astype(np.int32)


def pick(source: LabeledImages, dataset: int, count: int) -> HeldOutImages:
    """Some images spread over a data set, the same ones at each call."""
    return load_some(source, subsample(np.arange(len(source)), count), dataset)


def load_some(
    source: LabeledImages, rows: Iterable[int], dataset: int = 0
) -> HeldOutImages:
    """Images of a data set by their numbers.

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


def label_effect(columns: Sequence[np.ndarray]) -> float:
    """How much the label matters: mean |G(x, c1) - G(x, c2)|, images in [-1, 1].

    Args:
        columns: images (n, height, width, channels), uint8 or float in [-1, 1], one
            array for each of at least two target labels.
    """
    pairs = itertools.pairwise(columns)
    effects = [np.abs(to_float(a) - to_float(b)).mean() for a, b in pairs]
    return float(np.mean(effects))


def critic_view(real: np.ndarray, fakes: np.ndarray) -> dict[str, float]:
    """How easily the critic tells held-out images from their translations.

    Args:
        real: the critic's scores of n real images, (n,).
        fakes: those of k translations of each, (k, n).
    """
    return {
        "critic_gap": float(np.mean(real - fakes)),
        "critic_wins": float(np.mean(real > fakes)),
    }


# === Models that labels steer ===


class LabelSamples:
    """Draws every image in every domain.

    Of more than `COLUMNS` domains it takes some, evenly spread.

    Args:
        held_out: the held-out split of each data set.
    """

    def __init__(self, held_out: Sequence[LabeledImages]):
        rows = -(-ROWS // len(held_out))
        shown = subsample(np.arange(len(held_out)), ROWS)
        self.groups = [pick(held_out[number], number, rows) for number in shown]

    def __call__(self, model: Any) -> Samples:
        """Draws the grid."""
        domains = model.label_space.names
        shown = subsample(np.arange(len(domains)), COLUMNS)
        columns = [self._translations(model, group, shown) for group in self.groups]
        rows = [
            [group.images[i], *(column[i] for column in translated)]
            for group, translated in zip(self.groups, columns, strict=True)
            for i in range(len(group.images))
        ]
        grid = draw_grid(rows, ["input", *(domains[number] for number in shown)])
        # The first group suffices: the critic does not know the data sets apart.
        diagnostics = critic_view(
            self.score(model, self.groups[0].images),
            np.stack([self.score(model, column) for column in columns[0]]),
        )
        warning = ""
        if len(shown) > 1:
            effect = float(np.mean([label_effect(column) for column in columns]))
            diagnostics["label_effect"] = effect
            # Before, the classifier alone learns.
            first = getattr(model, "pretraining_steps", 0)
            begun = not first or int(model.step) > first
            if begun and effect < NO_VISIBLE_CHANGE:
                warning = (
                    "The generator hardly reacts to the label (label_effect "
                    f"{effect:.4f}). Check the labels; more weight on the "
                    "classification loss, or less on the reconstruction, helps."
                )
        return Samples({"": grid}, diagnostics, (len(shown), len(domains)), warning)

    def _translations(
        self, model: Any, held_out: HeldOutImages, shown: Collection[int]
    ) -> list[np.ndarray]:
        """Translations of the images, in the order of the label space's names.

        In a joint model the images are translated to the domains of the other data
        sets as well; there their own label is unknown, all zero.

        Returns:
            For each domain shown an array like `held_out.images`.
        """
        columns = []
        number = itertools.count()
        for dataset, info in enumerate(model.label_space.datasets):
            known = held_out.labels
            if dataset != held_out.dataset:
                known = np.zeros((len(known), len(info.domains)), np.float32)
            for labels in all_targets(info, known).values():
                if next(number) in shown:
                    images = held_out.images
                    columns.append(
                        self.translate(model, images, known, labels, dataset)
                    )
        return columns

    def translate(
        self,
        model: Any,
        images: np.ndarray,
        known: np.ndarray,
        labels: np.ndarray,
        dataset: int,
    ) -> np.ndarray:
        """The images with other labels than their own, `known`; both (n, c)."""
        return model.translate(images, labels, dataset=dataset)

    def score(self, model: Any, images: np.ndarray) -> np.ndarray:
        """How real the discriminator finds each image, (n,)."""
        scores, _ = model.discriminator(to_float(images), training=False)
        return np.asarray(scores).reshape(len(images), -1).mean(axis=1)
