"""Sample images and diagnostics of a training, from held-out images."""

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

# Mean absolute difference of images in [-1, 1] below which no change is visible.
NO_VISIBLE_CHANGE = 0.01
ROWS, COLUMNS = 8, 16  # Maximum, so that grids do not grow with the domains.


@dataclass(frozen=True)
class Samples:
    """Translations of held-out images, with diagnostics of the training.

    `ModelFamily.sampler` names a callable that takes the held-out sources and returns
    a callable from the model to its `Samples`.

    Args:
        pictures: suffix of the file name, which may be empty → image.
        diagnostics: name → number.
        shown: the number of domains in the images, and the number of all domains.
        warning: set if the generator ignores its label or style: how that was measured,
            and how to fix it.
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
        """The index of each image's domain, int32 (n,); for one-hot labels."""
        return self.labels.argmax(axis=1).astype(np.int32)


def pick(source: LabeledImages, dataset: int, count: int) -> HeldOutImages:
    """Images evenly spread over a data set, the same ones in each call."""
    return load_some(source, subsample(np.arange(len(source)), count), dataset)


def load_some(
    source: LabeledImages, rows: Iterable[int], dataset: int = 0
) -> HeldOutImages:
    """Loads images of a data set by index, except for unreadable ones.

    Raises:
        UnreadableImage: if none of them can be read.
    """
    loaded = []
    for index in rows:
        try:
            loaded.append((source.load(int(index)), source.labels[index]))
        except UnreadableImage:
            continue
    if not loaded:
        raise UnreadableImage(
            f"None of the held-out images of '{source.info.name}' can be read."
        )
    images, labels = map(np.stack, zip(*loaded, strict=True))
    return HeldOutImages(images, labels, dataset)


def label_effect(columns: Sequence[np.ndarray]) -> float:
    """The effect of the label: mean |G(x, c1) - G(x, c2)|, images in [-1, 1].

    Args:
        columns: for each of at least two target labels, an array of images (n, height,
            width, channels), uint8 or float in [-1, 1].
    """
    pairs = itertools.pairwise(columns)
    effects = [np.abs(to_float(a) - to_float(b)).mean() for a, b in pairs]
    return float(np.mean(effects))


def critic_view(real: np.ndarray, fakes: np.ndarray) -> dict[str, float]:
    """How well the critic separates held-out images from their translations.

    Args:
        real: the critic's scores of n real images, (n,).
        fakes: the scores of k translations of each image, (k, n).

    Returns:
        `critic_gap`, the mean difference of scores, and `critic_wins`, the fraction of
        pairs in which the real image has the higher score.
    """
    return {
        "critic_gap": float(np.mean(real - fakes)),
        "critic_wins": float(np.mean(real > fakes)),
    }


# === Label models ===


class LabelSamples:
    """Translates held-out images to every domain, in a grid.

    With more than `COLUMNS` domains, it takes an evenly spread subset.

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
        # The first group suffices: the critic does not distinguish the data sets.
        diagnostics = critic_view(
            self.score(model, self.groups[0].images),
            np.stack([self.score(model, column) for column in columns[0]]),
        )
        warning = ""
        if len(shown) > 1:
            effect = float(np.mean([label_effect(column) for column in columns]))
            diagnostics["label_effect"] = effect
            # During pretraining, only the classifier learns.
            pretraining = getattr(model, "pretraining_steps", 0)
            started = not pretraining or int(model.step) > pretraining
            if started and effect < NO_VISIBLE_CHANGE:
                warning = (
                    "The generator almost ignores the label (label_effect "
                    f"{effect:.4f}). Check the labels; raise the weight of the "
                    "classification loss, or lower that of the reconstruction loss."
                )
        return Samples({"": grid}, diagnostics, (len(shown), len(domains)), warning)

    def _translations(
        self, model: Any, held_out: HeldOutImages, shown: Collection[int]
    ) -> list[np.ndarray]:
        """Translations of the images, in the order of the label space's names.

        In a joint model, the images are also translated to the domains of the other
        data sets, in which their label is unknown: all zero.

        Returns:
            For each domain in `shown`, an array like `held_out.images`.
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
        """Translates images from their labels `known` to `labels`, both (n, c)."""
        return model.translate(images, labels, dataset=dataset)

    def score(self, model: Any, images: np.ndarray) -> np.ndarray:
        """The discriminator's score of each image, (n,); higher is more realistic."""
        scores, _ = model.discriminator(to_float(images), training=False)
        return np.asarray(scores).reshape(len(images), -1).mean(axis=1)
