import numpy as np
import pytest

from stargan_tf.data.info import DatasetInfo
from stargan_tf.errors import InputError
from stargan_tf.evaluation.measures import ClassificationError

FACES = DatasetInfo("faces", ("angry", "happy", "sad"), "one_hot", 32)
PEOPLE = DatasetInfo("people", ("male", "young"), "binary", 32)


def test_one_hot_labels_by_hand():
    error = ClassificationError(FACES)
    logits = np.array([[5, 1, 0], [0, 1, 5], [0, 3, 2], [1, 0, 0]], np.float32)
    error.update(np.arange(4), logits, np.eye(3)[[0, 2, 2, 0]])
    assert error.result().value == 0.25
    assert error.result().counts == {"images": 4, "answers": 4}
    each = {name: share.value for name, share in error.per_label().items()}
    assert each == {"angry": 0.0, "sad": 0.5}  # Nothing should have been happy.


def test_binary_labels_by_hand():
    error = ClassificationError(PEOPLE)
    logits = np.array([[2.0, -1.0], [-0.5, -3.0]])
    error.update(np.array([7, 3]), logits, np.array([[1, 1], [1, 0]], np.float32))
    assert error.result().value == 0.5
    assert error.result().counts == {"images": 2, "answers": 4}
    each = {name: share.value for name, share in error.per_label().items()}
    assert each == {"male": 0.5, "young": 0.5}
    assert error.per_label()["male"].counts == {"images": 2, "answers": 2}


def test_only_answers_that_count():
    error = ClassificationError(PEOPLE)
    counted = np.array([[True, False], [False, False]])
    labels = np.array([[1, 0], [0, 0]])
    error.update(np.arange(2), np.full((2, 2), 1.0), labels, counted)
    assert error.result().counts == {"images": 1, "answers": 1}
    assert error.result().value == 0.0
    assert list(error.per_label()) == ["male"]


def test_answers_of_one_image_stay_together_whatever_the_batches():
    logits = np.random.default_rng(0).normal(size=(30, 3))
    labels, rows = np.eye(3)[np.arange(30) % 3], np.arange(30) % 5
    whole, parts = ClassificationError(FACES), ClassificationError(FACES)
    whole.update(rows, logits, labels)
    for part in (slice(0, 11), slice(11, 12), slice(12, 30)):
        parts.update(rows[part], logits[part], labels[part])
    assert parts.result() == whole.result()
    assert parts.per_label() == whole.per_label()
    assert whole.result().counts == {"images": 5, "answers": 30}
    np.testing.assert_array_equal(whole.result().by_image.answers, [6] * 5)


def test_no_image_at_all():
    with pytest.raises(InputError, match="needs at least one image"):
        ClassificationError(FACES).result()
