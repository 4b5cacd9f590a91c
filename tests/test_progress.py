import sys
import time

import pytest

from stargan_tf import progress
from stargan_tf.native_output import quietly
from stargan_tf.progress import Interval, Progress


@pytest.fixture(autouse=True)
def short_interval(monkeypatch):
    monkeypatch.setattr(progress, "LINE_SECONDS", 0.1)


def lines(capsys, count, seconds):
    for _ in Progress(range(count), "Reading"):
        time.sleep(seconds)
    output = capsys.readouterr()
    assert output.out == ""
    return output.err.splitlines()


def test_a_line_now_and_then_without_a_terminal(capsys):
    printed = lines(capsys, 8, 0.06)
    assert 3 <= len(printed) <= 8
    assert printed[-1].startswith("Reading: 8 of 8 images, 00:00 elapsed")
    assert all("\r" not in line for line in printed)


def test_short_work_prints_nothing(capsys):
    assert lines(capsys, 3, 0.0) == []


def test_quiet_prints_nothing(capsys):
    with quietly():
        assert lines(capsys, 4, 0.06) == []


def test_a_bar_on_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert "100%" in lines(capsys, 3, 0.0)[-1]


def test_an_interval_begins_again():
    interval = Interval()
    assert not interval.is_over()
    time.sleep(0.12)
    assert interval.is_over() and not interval.is_over()
