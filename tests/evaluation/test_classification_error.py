import numpy as np
import pytest
from scipy.stats import binomtest

from stargan_tf.data.info import DatasetInfo
from stargan_tf.errors import InputError
from stargan_tf.evaluation.classification_error import (
    ClassificationError,
    wilson_interval,
)

FACES = DatasetInfo("faces", ("angry", "happy", "sad"), "one_hot", 32)
PEOPLE = DatasetInfo("people", ("male", "young"), "binary", 32)


def test_one_hot_labels_by_hand():
    error = ClassificationError(FACES)
    logits = np.array([[5, 1, 0], [0, 1, 5], [0, 3, 2], [1, 0, 0]], np.float32)
    error.update(logits, np.eye(3)[[0, 2, 2, 0]])
    assert error.result().value == 0.25
    assert error.result().counts == {"answers": 4}
    each = {name: share.value for name, share in error.per_label().items()}
    assert each == {"angry": 0.0, "sad": 0.5}  # Nothing should have been happy.


def test_binary_labels_by_hand():
    error = ClassificationError(PEOPLE)
    logits = np.array([[2.0, -1.0], [-0.5, -3.0]])
    error.update(logits, np.array([[1, 1], [1, 0]], np.float32))
    assert error.result().value == 0.5
    each = {name: share.value for name, share in error.per_label().items()}
    assert each == {"male": 0.5, "young": 0.5}


def test_only_answers_that_count():
    error = ClassificationError(PEOPLE)
    counted = np.array([[True, False], [False, True]])
    error.update(np.full((2, 2), 1.0), np.array([[1, 0], [0, 0]]), counted)
    assert error.result().counts == {"answers": 2}
    assert error.result().value == 0.5


def test_batches_add_up_and_can_be_restored():
    logits = np.random.default_rng(0).normal(size=(30, 3))
    labels = np.eye(3)[np.arange(30) % 3]
    whole, half = ClassificationError(FACES), ClassificationError(FACES)
    whole.update(logits, labels)
    half.update(logits[:11], labels[:11])
    rest = ClassificationError(FACES)
    rest.restore(half.state())
    rest.update(logits[11:], labels[11:])
    assert rest.result() == whole.result()
    assert rest.per_label() == whole.per_label()


@pytest.mark.parametrize(("hits", "total"), [(0, 10), (3, 20), (20, 20), (212, 10000)])
def test_intervals_equal_scipys(hits, total):
    expected = binomtest(hits, total).proportion_ci(method="wilson")
    assert wilson_interval(hits, total) == pytest.approx(tuple(expected), abs=1e-12)


def test_no_image_at_all():
    with pytest.raises(InputError, match="needs at least one image"):
        ClassificationError(FACES).result()
