"""The best and the worst translations of a task."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from stargan_tf.evaluation.metric import Scores
from stargan_tf.evaluation.task import Translated

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
