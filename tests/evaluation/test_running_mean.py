import numpy as np
import pytest

from stargan_tf.errors import InputError
from stargan_tf.evaluation.running_mean import RunningMean


def accumulate(values, size):
    mean = RunningMean("change")
    for start in range(0, len(values), size):
        mean.update(values[start : start + size])
    return mean


def test_mean_and_standard_error_by_hand():
    result = accumulate(np.array([1.0, 2.0, 3.0, 6.0]), 4).result()
    assert result.value == 3.0
    # Variance (4 + 1 + 0 + 9) / 3, over 4 values.
    assert result.standard_error == pytest.approx(np.sqrt(14 / 3 / 4))
    assert result.counts == {"images": 4}


@pytest.mark.parametrize("size", [1, 3, 100])
def test_batch_size_and_order_do_not_matter(size):
    values = np.random.default_rng(0).normal(1000.0, 0.001, 100)
    one, other = accumulate(values, 100), accumulate(values[::-1], size)
    assert other.mean == pytest.approx(one.mean, rel=1e-15)
    assert other.squares == pytest.approx(one.squares, rel=1e-6)


def test_images_without_a_value_are_left_out():
    result = accumulate(np.array([np.nan, 2.0, np.nan]), 2).result()
    assert (result.value, result.counts) == (2.0, {"images": 1})
    assert result.standard_error is None


def test_a_restored_mean_continues():
    whole = accumulate(np.arange(10.0), 10).result()
    half, rest = accumulate(np.arange(5.0), 5), RunningMean("change")
    rest.restore(half.state())
    rest.update(np.arange(5.0, 10.0))
    assert rest.result().value == whole.value
    assert rest.result().standard_error == pytest.approx(whole.standard_error)


def test_no_image_at_all():
    with pytest.raises(InputError, match="change needs at least one image"):
        RunningMean("change").result()
