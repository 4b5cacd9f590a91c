"""Requests that come together."""

import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
import numpy as np
import pytest

from stargan_tf.errors import InputError
from stargan_tf.serving.batcher import Batcher
from stargan_tf.serving.batching_config import Batching, read_batching
from stargan_tf.serving.configuration import batching_config
from stargan_tf.serving.refusal import Refusal, invalid


class Model:
    """Doubles its input; notes the batches; may have to wait for a sign."""

    def __init__(self, refuse=()):
        self.sizes, self.refuse = [], refuse
        self.go = threading.Event()

    def __call__(self, inputs):
        self.go.wait(60)
        self.sizes.append(len(inputs["x"]))
        if set(self.refuse) & set(inputs["x"].ravel().tolist()):
            raise invalid("a bad value")
        return {"y": 2 * inputs["x"]}


def rows(*values):
    return {"x": np.array(values, np.float32)}


def run_together(model, requests, max_rows=4):
    """Answers, in order; the model waits until all requests are sent."""
    batcher = Batcher(model, Batching(max_rows, 0.2))
    with ThreadPoolExecutor(len(requests)) as pool:
        running = [pool.submit(batcher.run, one, 60) for one in requests]
        model.go.set()
        answers = [one.exception() or one.result()["y"].tolist() for one in running]
    batcher.close()
    return answers


def test_requests_are_joined_and_taken_apart():
    model = Model()
    answers = run_together(model, [rows(n, n + 0.5) for n in range(6)])
    assert answers == [[2 * n, 2 * n + 1] for n in range(6)]
    assert sum(model.sizes) == 12
    assert max(model.sizes) == 4


def test_a_bad_request_does_not_spoil_the_others():
    answers = run_together(Model(refuse=[3.0]), [rows(n) for n in range(4)])
    assert answers[:3] == [[0], [2], [4]]
    assert "a bad value" in str(answers[3])


def test_other_shapes_are_computed_apart():
    wide = {"x": np.ones((1, 3), np.float32)}
    narrow = {"x": np.ones((1, 2), np.float32)}
    answers = run_together(Model(), [wide, narrow, wide])
    assert answers == [[[2, 2, 2]], [[2, 2]], [[2, 2, 2]]]


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (rows(*range(5)), "Task size 5 is larger than maximum input batch size 4"),
        (
            {**rows(1), "z": np.ones(2)},
            "Batching Run() input tensors must have equal 0th-dimension size",
        ),
        ({"x": np.float32(1)}, "at least one dimension"),
    ],
)
def test_what_cannot_be_joined(inputs, message):
    (answer,) = run_together(Model(), [inputs])
    assert isinstance(answer, Refusal)
    assert answer.code == grpc.StatusCode.INVALID_ARGUMENT
    assert message in str(answer)


def test_an_empty_batch_is_answered():
    assert run_together(Model(), [rows()]) == [[]]


def test_a_deadline_in_the_queue():
    model = Model()
    batcher = Batcher(model, Batching(1, 0.0))
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(batcher.run, rows(1), 60)
        with pytest.raises(TimeoutError):
            batcher.run(rows(2), 0.05)
        model.go.set()
        assert first.result()["y"].tolist() == [2]
    batcher.close()


def test_the_file_of_an_export_is_understood(tmp_path):
    file = tmp_path / "batching.config"
    file.write_text(batching_config())
    assert read_batching(file) == Batching(8, 0.005)
    file.write_text("allowed_batch_sizes: 1")
    with pytest.raises(InputError, match="max_batch_size"):
        read_batching(file)
