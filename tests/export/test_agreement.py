import json
import math

import numpy as np
import pytest

from stargan_tf.exporting.agreement import Comparison, Limit


def compare(expected, received, **kwargs):
    comparison = Comparison(**kwargs)
    comparison.add(np.array(expected), np.array(received))
    return comparison.result()


def test_the_numbers_of_known_differences():
    found = compare([[0.0, 1.0], [0.0, 0.0]], [[0.1, 1.0], [0.0, -0.3]])
    assert found.images == 2
    assert found.max == pytest.approx(0.3)
    assert found.mean == pytest.approx(0.1)
    assert found.psnr == pytest.approx(10 * math.log10(4 / 0.025))


def test_batches_add_up_to_the_whole():
    expected, received = np.random.default_rng(0).normal(size=(2, 6, 4))
    parts = Comparison()
    for i in range(0, 6, 2):
        parts.add(expected[i : i + 2], received[i : i + 2])
    whole = compare(expected, received)
    assert parts.result().images == 6
    assert parts.result().psnr == pytest.approx(whole.psnr)
    assert parts.result().mean == pytest.approx(whole.mean)


def test_codes_have_a_span_of_their_own():
    tenfold = compare([[0.0, 20.0]], [[0.0, 20.2]], span=None)
    assert tenfold.psnr == pytest.approx(10 * math.log10(400 / 0.02))


def test_equal_outputs_are_json_too():
    same = compare([[1.0]], [[1.0]])
    assert same.psnr == math.inf
    assert json.loads(json.dumps(same.to_dict()))["psnr"] is None


def test_limits():
    found = compare([[0.0, 0.0]], [[0.002, 0.0]])
    assert Limit(max=2e-3).kept(found) and not Limit(max=1e-3).kept(found)
    assert Limit(psnr=60).kept(found) and not Limit(psnr=70).kept(found)


@pytest.mark.parametrize("limit", [Limit(max=1e9), Limit(psnr=-1e9)])
def test_nan_is_never_good_enough(limit):
    assert not limit.kept(compare([[0.0, 1.0]], [[0.0, math.nan]]))


def test_what_cannot_be_compared():
    with pytest.raises(ValueError, match=r"\(1, 1\) and \(1, 2\)"):
        compare([[1.0]], [[1.0, 2.0]])
    with pytest.raises(ValueError, match="Nothing"):
        Comparison().result()
