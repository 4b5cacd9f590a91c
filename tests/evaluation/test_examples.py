import numpy as np
import pytest

from stargan_tf.evaluation.examples import BestAndWorst
from stargan_tf.evaluation.metric import Scores
from stargan_tf.evaluation.task import Translated


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
