import numpy as np
import pytest

from stargan_tf.evaluation.evaluator import _drop_examples
from stargan_tf.evaluation.report import pictures
from stargan_tf.evaluation.results import Results, TaskResult
from stargan_tf.evaluation.tasks import BestAndWorst, Example, Scores, Translated


def batch(names):
    images = np.zeros((len(names), 4, 4, 3), np.uint8)
    outputs = np.zeros((len(names), 1, 4, 4, 3), np.float32)
    return Translated(None, np.arange(len(names)), list(names), images, outputs)


def kept(values, size):
    names = [f"{i:02d}" for i in range(len(values))]
    found = BestAndWorst(kept=2)
    for start in range(0, len(values), size):
        part = np.array(values[start : start + size], float)
        found.update(batch(names[start : start + size]), Scores("score", part))
    return [example.name for example in found.examples()]


@pytest.mark.parametrize("size", [1, 3, 10])
def test_both_ends_stay_whatever_the_batches(size):
    values = [0.5, 0.9, np.nan, 0.1, 0.9, 0.2, 0.7]
    assert kept(values, size) == ["01", "04", "05", "03"]


def test_few_images_are_all_kept():
    assert kept([0.1, 0.3], 1) == ["01", "00"]


def test_kept_pictures_do_not_hold_their_batch():
    found = BestAndWorst(kept=1)
    found.update(batch("abcd"), Scores("score", np.arange(4.0)))
    assert all(example.source.base is None for example in found.examples())


def row(number, scores, score_name="score"):
    image = np.full((4, 4, 3), number, np.uint8)
    some = [
        Example(f"{number}_{i}", score, score_name, ".2f", image, image)
        for i, score in enumerate(sorted(scores, reverse=True))
    ]
    return TaskResult(f"task {number}", "latent", "x", None, 1, 1, [], some)


def test_many_tasks_hold_only_the_pictures_that_the_report_shows():
    # Of a few values, so that there are ties.
    scores = np.random.default_rng(0).integers(0, 9, (60, 8)) / 8
    every = [row(n, some.tolist()) for n, some in enumerate(scores)]
    every.insert(30, row(99, [7.0, -7.0], "another score"))
    held = []
    for task in every:
        held.append(task)
        _drop_examples(held)
    assert len(held) == len(every)
    assert sum(bool(task.examples) for task in held) <= 16
    assert pictures(Results(held)) == pictures(Results(every))


def test_few_tasks_keep_every_picture():
    held = [row(number, [0.5]) for number in range(16)]
    _drop_examples(held)
    assert all(task.examples for task in held)
