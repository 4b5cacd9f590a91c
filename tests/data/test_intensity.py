"""Stored values and what a model takes, by hand."""

import numpy as np
import pytest

from stargan_tf.data.intensity import check_intensity, intensity_of
from stargan_tf.errors import InputError

CODES = np.arange(65536, dtype=np.uint16).reshape(-1, 1)


def test_the_whole_range_and_back():
    full = intensity_of("full", [], (0, 65535))
    scaled = full.to_float(CODES)
    assert scaled.dtype == np.float32
    assert (scaled[0, 0], scaled[-1, 0]) == (-1.0, 1.0)
    np.testing.assert_array_equal(full.restore(scaled, np.uint16), CODES)


def test_a_window():
    window = intensity_of("window:-100,300", [], None)
    values = np.array([[-200.0], [-100.0], [100.0], [300.0], [400.0]])
    assert window.to_float(values)[:, 0].tolist() == [-1, -1, 0, 1, 1]
    assert window.outside(values) == 2
    assert window.restore(np.array([[0.5]]), np.float32).tolist() == [[200.0]]
    assert window.restore(np.array([[1.0]]), np.uint8).tolist() == [[255]]


def test_a_window_for_each_channel():
    window = intensity_of("window:0,10,0,1000", [], None)
    assert window.to_float(np.array([[5, 250]])).tolist() == [[0.0, -0.5]]
    with pytest.raises(InputError, match="one for each of 3 channels. Received: 2"):
        window.check_channels(3)


def test_percentiles_of_each_channel():
    image = np.stack([np.arange(101), 10 * np.arange(101)], axis=-1)[None]
    found = intensity_of("percentile:10,90", [image], (0, 65535))
    assert (found.low, found.high) == ((10.0, 100.0), (90.0, 900.0))
    assert intensity_of(found.written(), [], None) == found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("wide", "must be full, window:LOW,HIGH, or percentile:P,Q. Received: wide"),
        ("window:1", "must be full"),
        ("window:1,x", "must be full"),
        ("full:1", "must be full"),
        ("window:5,5", "must be below the high one. Received: 5 to 5"),
        ("window:0,inf", "finite"),
        ("percentile:99,1", "needs 0 <= P < Q <= 100"),
    ],
)
def test_what_is_refused(text, message):
    with pytest.raises(InputError, match=message):
        check_intensity(text)


def test_what_the_data_refuse():
    with pytest.raises(InputError, match="floating-point values"):
        intensity_of("full", [], None)
    with pytest.raises(InputError, match="Received: 7 twice in channel 1"):
        flat = np.stack([np.arange(9), np.full(9, 7)], axis=-1)[None]
        intensity_of("percentile:1,99", [flat], None)
