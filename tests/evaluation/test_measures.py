import json

import numpy as np
import pytest
from scipy.stats import binomtest

from stargan_tf.data.info import DatasetInfo
from stargan_tf.errors import InputError
from stargan_tf.evaluation import measures as module
from stargan_tf.evaluation.measures import (
    ByImage,
    Measurement,
    RunningMean,
    bootstrap_interval,
    wilson_interval,
    wrong_answers,
)


def by_image(totals, answers, rows=None, share=True):
    totals = np.asarray(totals, float)
    rows = np.arange(len(totals)) if rows is None else np.asarray(rows)
    return ByImage(rows, totals, np.broadcast_to(answers, len(totals)) * 1.0, share)


def test_the_dictionary_has_what_is_known_and_goes_into_json():
    counts, images = {"answers": 4}, by_image([1, 0], 2)
    full = Measurement("e", 0.5, counts, interval=(0.2, 0.8), by_image=images)
    assert json.loads(json.dumps(full.to_dict())) == {
        "name": "e",
        "value": 0.5,
        "counts": {"answers": 4},
        "interval": [0.2, 0.8],
    }


def test_equal_answers_of_an_image_count_as_one():
    """However many labels, targets and outputs: the interval is that of n images."""
    wrong = np.arange(40) % 4 == 0
    once = bootstrap_interval([by_image(wrong, 1)], seed=0)
    many = bootstrap_interval([by_image(30 * wrong, 30)], seed=0)
    assert many == pytest.approx(once)
    low, high = wilson_interval(10, 40)
    assert once == pytest.approx((low, high), abs=0.05)
    # Pooled, it would be that of 1,200 answers: 0.226 to 0.275.
    assert once[1] - once[0] > 4 * (0.275 - 0.226)


def test_two_images_by_hand():
    """Resamples are {0, 0}, {0, 1} twice and {1, 1}: from 0 to 2 thirds."""
    images = by_image([0, 4], [3, 6])
    assert images.value == pytest.approx(4 / 9)
    assert bootstrap_interval([images], seed=0) == pytest.approx((0.0, 4 / 6))


def test_no_wrong_answer_at_all_is_wilsons_interval_for_as_many_images():
    expected = wilson_interval(0, 20)
    assert bootstrap_interval([by_image([0] * 20, 5)], seed=0) == expected
    everything = bootstrap_interval([by_image([5] * 20, 5)], seed=0)
    assert everything == pytest.approx((1 - expected[1], 1.0))
    assert bootstrap_interval([by_image([2], 5)], seed=0)[1] > 0.7


def test_a_mean_of_one_image_has_no_interval():
    assert bootstrap_interval([by_image([2.5], 1, share=False)], seed=0) is None


def test_the_interval_of_a_mean_is_about_two_standard_errors():
    values = np.random.default_rng(1).normal(5.0, 2.0, 200)
    images = by_image(values, 1, share=False)
    low, high = bootstrap_interval([images], seed=0)
    expected = 1.96 * values.std(ddof=1) / np.sqrt(200)
    assert (high - images.value) == pytest.approx(expected, rel=0.15)
    assert (images.value - low) == pytest.approx(expected, rel=0.15)


def test_an_image_is_drawn_with_all_of_its_tasks():
    """Of tasks that see the same images the mean is no surer than one of them."""
    values = np.random.default_rng(1).normal(size=50)
    one = by_image(values, 1, share=False)
    same = bootstrap_interval([one] * 8, seed=3)
    assert same == pytest.approx(bootstrap_interval([one], seed=3))
    apart = [
        by_image(values, 1, np.arange(50) + 50 * task, share=False) for task in range(8)
    ]
    low, high = bootstrap_interval(apart, seed=3)
    assert high - low < 0.5 * (same[1] - same[0])


def test_a_task_of_one_image_may_be_missing_in_a_resample():
    parts = [by_image([1.0, 2.0, 4.0], 1, share=False)]
    parts.append(by_image([9.0], 1, [2], share=False))
    low, high = bootstrap_interval(parts, seed=0)
    assert 1.0 <= low < high <= 6.5


def test_the_seed_decides_the_resamples():
    images = by_image(np.random.default_rng(1).random(200), 1, share=False)
    first = bootstrap_interval([images], seed=0)
    assert bootstrap_interval([images], seed=0) == first
    assert bootstrap_interval([images], seed=1) != first
    measured = Measurement.of_images("m", images)
    assert measured.interval is None
    assert measured.with_interval(0).interval == first
    assert Measurement("fid", 1.0).with_interval(0).interval is None


def test_95_of_100_intervals_hold_the_truth_also_of_repeated_answers():
    """60 images of 8 answers that mostly agree; pooled answers would hold it in 50."""
    generator, held, pooled = np.random.default_rng(5), [], []
    for _ in range(200):
        images = generator.beta(0.6, 1.4, 60)  # Each has its own chance: 0.3 on average
        wrong = generator.binomial(8, images)
        low, high = bootstrap_interval([by_image(wrong, 8)], seed=0)
        held.append(low <= 0.3 <= high)
        low, high = wilson_interval(wrong.sum(), 480)
        pooled.append(low <= 0.3 <= high)
    assert np.mean(held) > 0.9
    assert np.mean(pooled) < 0.8


def test_parts_are_joined_by_image():
    first, second = by_image([1, 2], 3, [5, 9]), by_image([4, 8], 5, [9, 2])
    whole = ByImage.joined([first, second])
    assert whole.rows.tolist() == [2, 5, 9] and whole.share
    assert whole.totals.tolist() == [8, 1, 6]
    assert whole.answers.tolist() == [5, 3, 8]


@pytest.mark.parametrize(("hits", "total"), [(0, 10), (3, 20), (20, 20), (212, 10000)])
def test_intervals_of_shares_equal_scipys(hits, total):
    expected = binomtest(hits, total).proportion_ci(method="wilson")
    assert wilson_interval(hits, total) == pytest.approx(tuple(expected), abs=1e-12)


def test_many_images_are_resampled_in_chunks(monkeypatch):
    images = by_image(np.arange(30.0), 1, share=False)
    low, high = bootstrap_interval([images], seed=0)
    monkeypatch.setattr(module, "DRAWS_AT_ONCE", 100)
    assert bootstrap_interval([images], seed=0) == pytest.approx((low, high), abs=1.0)


def accumulate(values, size):
    mean = RunningMean("change")
    for start in range(0, len(values), size):
        part = slice(start, start + size)
        mean.update(np.arange(len(values))[part], values[part])
    return mean


def test_mean_by_hand():
    result = accumulate(np.array([1.0, 2.0, 3.0, 6.0]), 4).result()
    assert result.value == 3.0
    assert result.counts == {"images": 4}
    low, high = result.with_interval(0).interval
    assert 1.0 < low < 3.0 < high < 6.0


@pytest.mark.parametrize("size", [1, 3, 100])
def test_the_batch_size_does_not_matter(size):
    values = np.random.default_rng(0).normal(1000.0, 0.001, 100)
    one, other = (accumulate(values, n).result() for n in (100, size))
    assert other.value == pytest.approx(one.value, rel=1e-15)
    assert other.with_interval(0).interval == pytest.approx(
        one.with_interval(0).interval, rel=1e-12
    )


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_a_broken_value_is_refused_instead_of_left_out(broken):
    with pytest.raises(InputError, match="identity must be finite for each image"):
        RunningMean("identity").update(np.arange(2), np.array([1.0, broken]))


def test_no_image_at_all():
    with pytest.raises(InputError, match="change needs at least one image"):
        RunningMean("change").result()


FACES = DatasetInfo("faces", ("angry", "happy", "sad"), "one_hot", 32)
PEOPLE = DatasetInfo("people", ("male", "young"), "binary", 32)


def test_one_hot_labels_by_hand():
    logits = np.array([[5, 1, 0], [0, 1, 5], [0, 3, 2], [1, 0, 0]], np.float32)
    wrong, answers = wrong_answers(FACES, logits, np.eye(3)[[0, 2, 2, 0]])
    assert wrong.astype(int).tolist() == [[0, 0, 0], [0, 0, 0], [0, 0, 1], [0, 0, 0]]
    assert answers.astype(int).tolist() == np.eye(3)[[0, 2, 2, 0]].tolist()


def test_binary_labels_by_hand():
    logits = np.array([[2.0, -1.0], [-0.5, -3.0]])
    wrong, answers = wrong_answers(
        PEOPLE, logits, np.array([[1, 1], [1, 0]], np.float32)
    )
    assert wrong.tolist() == [[False, True], [True, False]]
    assert answers.all()


def test_shares_count_answers_and_images_without_any_are_left_out():
    error = RunningMean("error", share=True)
    error.update(np.array([7, 3, 5]), np.array([1, 2, 0]), np.array([2, 2, 0]))
    assert error.result().value == 0.75
    assert error.result().counts == {"images": 2, "answers": 4}


def test_answers_of_one_image_stay_together_whatever_the_batches():
    random = np.random.default_rng(0)
    wrong, rows = random.integers(0, 2, 30), np.arange(30) % 5
    whole, parts = (RunningMean("error", share=True) for _ in range(2))
    whole.update(rows, wrong)
    for part in (slice(0, 11), slice(11, 12), slice(12, 30)):
        parts.update(rows[part], wrong[part])
    assert parts.result() == whole.result()
    assert whole.result().counts == {"images": 5, "answers": 30}
    np.testing.assert_array_equal(whole.result().by_image.answers, [6] * 5)
