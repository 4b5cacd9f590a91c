import pytest

from stargan_tf.training.run import spans


@pytest.mark.parametrize(
    ("start", "stop", "every", "expected"),
    [
        (0, 60, 20, [(20, 0, 3)]),
        (20, 60, 20, [(20, 1, 3)]),
        (0, 50, 20, [(20, 0, 2), (10, 2, 3)]),
        (30, 70, 20, [(10, 1, 2), (20, 2, 3), (10, 3, 4)]),
        (30, 35, 20, [(5, 1, 2)]),
        (0, 5, 20, [(5, 0, 1)]),
        (40, 40, 20, []),
    ],
)
def test_epochs_end_at_multiples_of_the_interval(start, stop, every, expected):
    assert list(spans(start, stop, every)) == expected
    lengths = [steps * (last - first) for steps, first, last in expected]
    assert sum(lengths) == stop - start
