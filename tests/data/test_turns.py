import itertools

import pytest

from stargan_tf.data.turns import take_turns
from stargan_tf.errors import InputError


@pytest.mark.parametrize(
    ("weights", "sources", "before"),
    [
        ([1], [0], [0]),
        ([None, None], [0, 1], [0, 0]),
        ([5, 5, 5], [0, 1, 2], [0, 0, 0]),
        ([2, 1], [0, 1, 0], [0, 0, 1]),
        ([1, 2.0], [1, 0, 1], [0, 0, 1]),
        ([0.5, 1, None], [1, 2, 0, 1, 2], [0, 0, 0, 1, 1]),
        ([3, 1], [0, 0, 1, 0], [0, 1, 0, 2]),
    ],
)
def test_the_shortest_even_round(weights, sources, before):
    turns = take_turns(weights)
    assert list(turns.sources) == sources and list(turns.before) == before
    assert turns.shares == tuple(map(sources.count, range(len(weights))))


def test_shares_are_exact_and_nobody_waits_long():
    turns = take_turns([0.7, 0.2, 0.1])
    assert turns.shares == (7, 2, 1)
    places = [i for i, source in enumerate(turns.sources * 2) if source == 1]
    gaps = [later - sooner for sooner, later in itertools.pairwise(places)]
    assert max(gaps) <= 6


@pytest.mark.parametrize("weights", [[1, 0], [1, -2], [1, float("nan")], [1, 1e999]])
def test_weights_must_be_positive(weights):
    with pytest.raises(InputError, match="dataset_weights must be positive. Received"):
        take_turns(weights)


def test_weights_must_be_simple():
    with pytest.raises(InputError, match="simple numbers such as 2,1 .*0.123457, 1"):
        take_turns([0.1234567, 1])
