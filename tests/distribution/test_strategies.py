import json

import pytest
import tensorflow as tf

from stargan_tf.distribution import strategies
from stargan_tf.distribution.strategies import (
    check_batch_size,
    has_workers,
    is_chief,
    make_strategy,
    num_workers,
    scope,
)
from stargan_tf.errors import InputError

CLUSTER = {"cluster": {"worker": ["a:1", "b:1"], "chief": ["c:1"]}}


@pytest.fixture(autouse=True)
def no_cluster(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)


def test_one_device_needs_no_strategy():
    assert make_strategy("none") is None
    assert make_strategy("auto") is None  # No GPU here, and no cluster.
    assert is_chief(None) and not has_workers(None)
    with scope(None):
        assert not tf.distribute.has_strategy()
    check_batch_size(None, 7)


def test_auto_takes_the_workers_that_there_are(monkeypatch):
    made = []
    kind = "MultiWorkerMirroredStrategy"
    monkeypatch.setattr(strategies.tf.distribute, kind, lambda: made.append(kind))
    monkeypatch.setenv(
        "TF_CONFIG", json.dumps({**CLUSTER, "task": {"type": "worker", "index": 1}})
    )
    assert num_workers() == 3
    make_strategy("auto")
    make_strategy("multi_worker")
    assert made == [kind, kind]


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"cluster": {}}', json.dumps({**CLUSTER, "task": {}})]
)
def test_a_cluster_that_cannot_be_understood(monkeypatch, text):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(InputError, match=r"TF_CONFIG must be JSON such as \{.*Rec"):
        make_strategy("auto")


def test_workers_without_a_cluster():
    with pytest.raises(InputError, match="--distribute mirrored"):
        make_strategy("multi_worker")


def test_the_batch_is_shared_equally():
    class Three:
        num_replicas_in_sync = 3

    check_batch_size(Three(), 6)
    with pytest.raises(InputError, match="a multiple of 3. Received: 4"):
        check_batch_size(Three(), 4)
