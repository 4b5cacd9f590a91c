import math

import pytest

from stargan_tf.errors import InputError
from stargan_tf.evaluation.options import (
    METRICS,
    NUMBERS,
    EvaluationOptions,
    find_number,
    formatted,
    heading,
    is_better,
)


def test_metrics_are_read_once_each():
    expected = ("fid", "lpips")
    assert EvaluationOptions(" fid,lpips, fid,").metrics == expected
    assert EvaluationOptions(["fid", "lpips", "fid"]).metrics == expected


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"metrics": ("fidd",)}, "no metric 'fidd'. Did you mean fid"),
        ({"metrics": ()}, "at least one metric. Received: none. Known: fid, kid"),
        ({"protocol": "stargan"}, "no FID protocol 'stargan'. Did you mean stargan_v2"),
        ({"classifier": "large"}, "no classifier of size 'large'"),
        ({"count": 0}, "count must be at least 1. Received: 0"),
        ({"outputs": -1}, "outputs must be at least 1"),
        ({"classifier_steps": 0}, "classifier_steps must be at least 1"),
        ({"seed": -1}, "seed must be 0 or more"),
    ],
)
def test_what_cannot_be_measured_is_refused(values, message):
    with pytest.raises(InputError, match=message):
        EvaluationOptions(**values)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("latent_fid", 12.345, "12.35"),
        ("classification_error", 0.0312, "3.1\N{NO-BREAK SPACE}%"),
        ("kid", 0.00123, "0.0012"),
        ("g_loss", 1.23456, "1.235"),
        ("fid", None, "–"),
    ],
)
def test_values_as_people_read_them(name, value, text):
    assert formatted(name, value) == text


def test_the_guide_stands_before_the_name():
    assert heading("reference_lpips_diversity") == "reference LPIPS diversity ↑"
    assert heading("fid") == "FID ↓"
    assert heading("ssim_to_truth") == "SSIM to truth ↑"
    assert heading("g_loss") == "g_loss"
    assert find_number("latent_kid") and not find_number("g_loss")


def test_which_way_is_better():
    assert is_better("latent_fid", 1.0, than=2.0)
    assert is_better("latent_lpips_diversity", 0.4, than=0.3)
    assert not is_better("psnr_to_truth", 20.0, than=21.0)
    assert not is_better("fid", 2.0, than=2.0)
    for name in ("fid", "psnr_to_truth"):
        assert is_better(name, 2.0, than=math.nan)
        assert not is_better(name, math.nan, than=2.0)
        assert not is_better(name, math.nan, than=math.nan)


def test_every_metric_has_numbers():
    assert {number.metric for number in NUMBERS.values()} == set(METRICS)
