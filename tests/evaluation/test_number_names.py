import math

import pytest

from stargan_tf.evaluation.options import (
    METRIC_NUMBERS,
    NUMBERS,
    direction,
    is_better,
    is_known,
    number_name,
    written,
)


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
    assert written(name, value) == text


def test_the_guide_stands_before_the_name():
    assert number_name("reference_lpips_diversity").short == "reference diversity"
    assert number_name("fid").short == "FID"
    assert is_known("latent_kid") and not is_known("g_loss")


def test_which_way_is_better():
    assert is_better("latent_fid", 1.0, than=2.0)
    assert is_better("latent_lpips_diversity", 0.4, than=0.3)
    assert not is_better("psnr_to_truth", 20.0, than=21.0)
    assert not is_better("fid", 2.0, than=2.0)
    for name in ("fid", "psnr_to_truth"):
        assert is_better(name, 2.0, than=math.nan)
        assert not is_better(name, math.nan, than=2.0)
        assert not is_better(name, math.nan, than=math.nan)
    assert (direction("fid"), direction("ssim_to_truth")) == ("↓", "↑")


def test_every_number_of_every_metric_has_a_name():
    every = {name for names in METRIC_NUMBERS.values() for name in names}
    assert every == set(NUMBERS)
