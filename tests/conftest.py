"""What every test needs."""

import pytest


@pytest.fixture(autouse=True)
def no_log_level_of_an_earlier_test(monkeypatch):
    """Commands that run in this process set it; to others it is the user's wish."""
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)
