import numpy as np
import pytest

from stargan_tf.errors import InputError
from stargan_tf.evaluation.measures import RunningMean


def accumulate(values, size):
    mean = RunningMean("change")
    for start in range(0, len(values), size):
        part = slice(start, start + size)
        mean.update(np.arange(len(values))[part], values[part])
    return mean


def test_mean_and_standard_error_by_hand():
    result = accumulate(np.array([1.0, 2.0, 3.0, 6.0]), 4).result()
    assert result.value == 3.0
    # Variance (4 + 1 + 0 + 9) / 3, over 4 values.
    assert result.standard_error == pytest.approx(np.sqrt(14 / 3 / 4))
    assert result.counts == {"images": 4}
    low, high = result.with_interval(0).interval
    assert 1.0 < low < 3.0 < high < 6.0


@pytest.mark.parametrize("size", [1, 3, 100])
def test_the_batch_size_does_not_matter(size):
    values = np.random.default_rng(0).normal(1000.0, 0.001, 100)
    one, other = (accumulate(values, n).result() for n in (100, size))
    assert other.value == pytest.approx(one.value, rel=1e-15)
    assert other.standard_error == pytest.approx(one.standard_error, rel=1e-6)


def test_images_without_a_value_are_left_out_where_that_may_be():
    mean = RunningMean("background", may_lack=True)
    mean.update(np.arange(3), np.array([np.nan, 2.0, np.nan]))
    result = mean.result()
    assert (result.value, result.counts) == (2.0, {"images": 1})
    assert result.standard_error is None
    assert result.by_image.rows.tolist() == [1]


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_a_broken_value_is_refused_instead_of_left_out(broken):
    with pytest.raises(InputError, match="identity must be finite for each image"):
        RunningMean("identity").update(np.arange(2), np.array([1.0, broken]))


def test_no_image_at_all():
    with pytest.raises(InputError, match="change needs at least one image"):
        RunningMean("change").result()
