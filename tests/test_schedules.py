"""Both readings of the paper's learning-rate decay."""

import keras
import pytest

from stargan_tf.optimizers import LinearDecay


def rate(step, **arguments):
    return float(LinearDecay(1e-4, 200_000, **arguments)(step))


@pytest.mark.parametrize(
    ("step", "expected"),
    [(0, 1e-4), (100_000, 1e-4), (150_000, 5e-5), (199_999, 1e-9), (300_000, 0.0)],
)
def test_paper_falls_linearly_to_zero_over_the_second_half(step, expected):
    assert rate(step) == pytest.approx(expected, rel=1e-2, abs=1e-11)


@pytest.mark.parametrize(
    ("step", "decrements"),
    [(0, 0), (100_999, 0), (101_000, 1), (101_999, 1), (102_000, 2), (199_999, 99)],
)
def test_official_takes_one_hundred_thousandth_off_every_thousand_steps(
    step, decrements
):
    expected = 1e-4 * (1 - decrements / 100_000)
    assert rate(step, kind="official") == pytest.approx(expected, rel=1e-6)


def test_generator_counts_updates_not_steps():
    assert rate(30_000, steps_per_update=5) == pytest.approx(rate(150_000))


def test_round_trip():
    schedule = LinearDecay(1e-3, 10, "official", 5)
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(schedule)
    )
    assert again.get_config() == schedule.get_config()


def test_unknown_kind():
    with pytest.raises(ValueError, match="'paper' or 'official'.*kind='cosine'"):
        LinearDecay(1e-4, 10, "cosine")
