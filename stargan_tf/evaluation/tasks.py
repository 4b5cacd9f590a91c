"""What an evaluation does: batches of images, tasks, their results, and truths."""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from absl import logging

from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.options import HELD_OUT, DatasetOptions
from stargan_tf.data.pictures import to_uint8
from stargan_tf.data.source import LabelledImages, UnreadableImage
from stargan_tf.errors import InputError
from stargan_tf.evaluation.measures import Measurement

# Images of a source in batches, read ahead; unreadable ones are left out.

THREADS = 4


def image_batches(
    source: LabelledImages, rows: np.ndarray, size: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Reads some images of a source once, in order.

    Args:
        source: one split of a data set.
        rows: int array; which images.
        size: images at once.

    Yields:
        Places in `rows`, and the uint8 images (k, s, s, 3) there, 1 ≤ k ≤ size.

    Raises:
        InputError: if a data set gives something that is no uint8 image.
    """
    ahead: deque[tuple[int, list[Future]]] = deque()
    with ThreadPoolExecutor(THREADS) as pool:
        for start in range(0, len(rows), size):
            batch = rows[start : start + size].tolist()
            ahead.append((start, [pool.submit(_load, source, row) for row in batch]))
            if len(ahead) > 1:
                yield from _gather(*ahead.popleft())
        while ahead:
            yield from _gather(*ahead.popleft())


def _gather(start: int, waiting: list[Future]) -> Iterator[tuple]:
    images = [future.result() for future in waiting]
    places = [place for place, image in enumerate(images) if image is not None]
    if places:
        yield start + np.array(places), np.stack([images[place] for place in places])


def _load(source: LabelledImages, row: int) -> np.ndarray | None:
    try:
        image = np.asarray(source.load(row))
    except UnreadableImage as error:
        logging.warning("%s Skipped.", error)
        return None
    side = source.info.image_size
    if image.dtype == np.uint8 and image.shape == (side, side, 3):
        return image
    broken = image.dtype.kind == "f" and not np.isfinite(image).all()
    raise InputError(
        f"Images of '{source.info.name}' must be uint8 of shape {(side, side, 3)}. "
        f"Received for {source.names[row]}: {image.dtype} of shape {image.shape}"
        f"{' with NaN or infinity' if broken else ''}. Mend the data set's 'load'."
    )


# One row of an evaluation: which images are translated, and to what.

# What decides a translation: a label, a random latent code, a reference picture, or
# nothing but the image's own label.
LABEL, LATENT, REFERENCE, OWN = "label", "latent", "reference", "own"

Translate = Callable[[np.ndarray, np.ndarray], np.ndarray]
Back = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Subject:
    """What is evaluated.

    Args:
        model: the model.
        translated_by: `"labels"` or `"styles"`, as its family says.
        held_out: the images it translates.
        train: the real images it is compared with, of the same data set.
        dataset: index of that data set in the model's `LabelSpace`.
    """

    model: Any
    translated_by: str
    held_out: LabelledImages
    train: LabelledImages
    dataset: int = 0


@dataclass(frozen=True)
class Task:
    """Images and what becomes of them.

    Args:
        guide: `"label"`, `"latent"`, `"reference"` or `"own"`.
        target: the target in words, such as `"Blond_Hair"`, `"Male=0"` or `"cat"`.
        source: the images' domain, where they share one.
        column: the label's place that the target sets.
        value: what it sets it to, 0 or 1.
        rows: int array (n,); which held-out images.
        labels: float32 (n, number of domains) that the translations should show.
        translate: (places in `rows`, images) → (n, outputs, h, w, 3); images are
            float32 (n, h, w, 3) in [-1, 1].
        back: (places in `rows`, the images, their translations (n, h, w, 3)) → the
            images again, as the model redraws them.
        outputs: translations of each image.
    """

    guide: str
    target: str
    column: int
    value: float
    rows: np.ndarray = field(repr=False)
    labels: np.ndarray = field(repr=False)
    translate: Translate = field(repr=False)
    back: Back | None = field(default=None, repr=False)
    source: str | None = None
    outputs: int = 1

    @property
    def name(self) -> str:
        """The row's name."""
        if self.guide == OWN:
            return "own label"
        if self.source is None:
            return self.target
        return f"{self.guide}: {self.source} → {self.target}"


@dataclass(frozen=True)
class Translated:
    """A batch of a task, translated.

    Args:
        task: the task.
        places: which of the task's rows.
        names: the images' names.
        images: uint8 (n, h, w, 3).
        outputs: float32 (n, outputs, h, w, 3).
    """

    task: Task
    places: np.ndarray
    names: list[str]
    images: np.ndarray
    outputs: np.ndarray

    @property
    def rows(self) -> np.ndarray:
        """The images' numbers among the held-out ones."""
        return self.task.rows[self.places]

    @cached_property
    def pixels(self) -> np.ndarray:
        """The outputs as a viewer sees them: uint8 (n, outputs, h, w, 3)."""
        return to_uint8(self.outputs)

    @property
    def first(self) -> np.ndarray:
        """The first translation of each image, uint8 (n, h, w, 3)."""
        return self.pixels[:, 0]

    @property
    def flat(self) -> np.ndarray:
        """All translations, image after image, uint8 (n · outputs, h, w, 3)."""
        return self.pixels.reshape(-1, *self.pixels.shape[2:])

    @cached_property
    def cycled(self) -> np.ndarray:
        """The first translations, translated back: uint8 (n, h, w, 3)."""
        return to_uint8(self.task.back(self.places, self.images, self.outputs[:, 0]))

    @property
    def labels(self) -> np.ndarray:
        """What the translations should show, float32 (n, number of domains)."""
        return self.task.labels[self.places]


def spread(rows: np.ndarray, count: int | None) -> np.ndarray:
    """At most `count` of the rows, evenly spread; the same ones at each call.

    Args:
        rows: int array.
        count: how many; None for all.
    """
    if count is None or count >= len(rows):
        return rows
    return rows[np.linspace(0, len(rows) - 1, count).round().astype(int)]


# What a metric is to the evaluation: something that watches translations go by.


@dataclass(frozen=True)
class Scores:
    """How well each image of a batch was translated, to find the best and the worst.

    Args:
        name: what the number is, for people, such as `"PSNR to the truth, dB"`.
        values: array (n,), higher is better; NaN for no score.
        form: format of a value.
    """

    name: str
    values: np.ndarray
    form: str = ".1f"


class Meter(ABC):
    """Measures one task; keeps statistics, no images."""

    @abstractmethod
    def update(self, batch: Translated) -> Scores | None:
        """Takes a batch in.

        Args:
            batch: images and translations.

        Returns:
            A score for each image, if this metric can tell good from bad.
        """

    @abstractmethod
    def results(self) -> list[Measurement]:
        """The task's numbers."""


class Metric(ABC):
    """One of `stargan_tf.evaluation.options.METRICS`, with its networks."""

    def prepare(self, tasks: Sequence[Task]) -> None:  # noqa: B027
        """Does what is done once, such as looking at the real images.

        Args:
            tasks: all that will be measured.

        Raises:
            InputError: if the data does not suffice.
        """

    @abstractmethod
    def start(self, task: Task) -> Meter | None:
        """A meter for a task; None where the metric has nothing to say.

        Args:
            task: the task.
        """

    def on_real_images(self) -> list[Measurement]:
        """Numbers of the real images, to compare with."""
        return []


# The best and the worst translations of a task.

KEPT = 4
SHOWN = 8  # of all tasks, at each end


@dataclass(frozen=True)
class Example:
    """One translation.

    Args:
        name: of the source image.
        score: how good it is, higher is better.
        score_name: what the score is.
        form: format of the score.
        source: uint8 (h, w, 3).
        output: the same.
    """

    name: str
    score: float
    score_name: str
    form: str
    source: np.ndarray
    output: np.ndarray


class BestAndWorst:
    """Keeps few translations of many: those with the highest and the lowest scores.

    Args:
        kept: how many at each end.
    """

    def __init__(self, kept: int = KEPT):
        self.kept = kept
        self._found: list[Example] = []

    def update(self, batch: Translated, scores: Scores) -> None:
        """Takes a batch in; images without a score are passed over.

        Args:
            batch: images and translations.
            scores: of the images.
        """
        for place in np.flatnonzero(np.isfinite(scores.values)).tolist():
            self._found.append(
                Example(
                    batch.names[place],
                    float(scores.values[place]),
                    scores.name,
                    scores.form,
                    batch.images[place],
                    batch.first[place],
                )
            )
        # Equal scores in the order of names: the same ones whatever the batches.
        self._found.sort(key=lambda example: (-example.score, example.name))
        if len(self._found) > 2 * self.kept:
            # Copies, for a view would keep its whole batch in memory.
            ends = self._found[: self.kept] + self._found[-self.kept :]
            self._found = [_own(example) for example in ends]

    def examples(self) -> list[Example]:
        """The best first, the worst last."""
        return list(self._found)


def shown_tasks(examples: Mapping[int, Sequence[Example]], count: int) -> set[int]:
    """The tasks that the best and the worst translations of all can come from.

    Args:
        examples: number of a task → its examples, one or more, the best first.
        count: how many are shown at each end, one of a task before a second.
    """
    best = sorted(examples, key=lambda task: -examples[task][0].score)
    worst = sorted(reversed(examples), key=lambda task: examples[task][-1].score)
    return {*best[:count], *worst[:count]}


def _own(example: Example) -> Example:
    source, output = example.source.copy(), example.output.copy()
    return replace(example, source=source, output=output)


# What a perfect translation is, for images of which that is known.

# (name of a held-out image, label, image size) → uint8 image, or None.
Truth = Callable[[str, np.ndarray, int], np.ndarray | None]


def no_picture(name: str, label: np.ndarray, image_size: int) -> None:
    """The truth about images of which nothing more is known.

    Args:
        name: not used.
        label: not used.
        image_size: not used.
    """


def true_images(
    truth: Truth, batch: Translated, image_size: int
) -> tuple[np.ndarray, np.ndarray]:
    """The true translations of a batch.

    Args:
        truth: gives one.
        batch: what was translated.
        image_size: side in pixels.

    Returns:
        Bool array (n,): of which images it is known; and those, uint8 (k, s, s, 3).

    Raises:
        InputError: if a function of the user's gives something else.
    """
    pairs = zip(batch.names, batch.labels, strict=True)
    found = [truth(name, label, image_size) for name, label in pairs]
    known = np.array([image is not None for image in found])
    images = [np.asarray(image) for image in found if image is not None]
    for image in images:
        if image.dtype != np.uint8 or image.shape != (image_size, image_size, 3):
            raise InputError(
                f"A true image must be uint8 of shape {(image_size, image_size, 3)}. "
                f"Received: {image.dtype} of shape {image.shape}"
            )
    return known, np.stack(images) if images else np.zeros((0, 1, 1, 3), np.uint8)


def drawn_truth(source: LabelledImages) -> Truth:
    """The truth about held-out drawn faces, which can be drawn with any label.

    Args:
        source: the held-out split of any data set.

    Returns:
        A function that knows every image of a drawn set, and none of another.
    """
    from stargan_tf.toon_faces.datasets import (
        TOON_ATTRIBUTES,
        TOON_EXPRESSIONS,
        true_translation,
    )

    drawn = {faces.name: faces for faces in (TOON_ATTRIBUTES, TOON_EXPRESSIONS)}
    info = source.info
    if info.name not in drawn:
        return no_picture
    every = drawn[info.name].load(HELD_OUT, info.image_size, DatasetOptions())
    known = dict(zip(every.names, every.labels, strict=True))

    def truth(name: str, label: np.ndarray, image_size: int) -> np.ndarray | None:
        whole = _completed(info, label, every.info, known[name])
        row = int(name.rpartition("_")[2])
        try:
            return true_translation(info.name, HELD_OUT, row, whole, image_size)
        except InputError:  # Such as no hair colour at all: nobody looks like that.
            return None

    return truth


def _completed(
    info: DatasetInfo, label: np.ndarray, every: DatasetInfo, known: np.ndarray
) -> np.ndarray:
    """A label of some domains as one of all; the others keep what they were."""
    whole = known.copy()
    for domain, value in zip(info.domains, label, strict=True):
        rivals = every.rivals(domain) if value else ()
        whole[[every.index(rival) for rival in rivals]] = 0.0
        whole[every.index(domain)] = value
    return whole
