"""Batches by a real `tf.data` service, in another process, over sockets."""

import socket
import subprocess
import sys

import numpy as np
import pytest

from stargan_tf.data.pipeline import training_batches
from stargan_tf.data.reference_pipeline import reference_batches
from stargan_tf.data.service import served
from stargan_tf.errors import InputError


@pytest.fixture(scope="module")
def service():
    """service(number of workers) → address of the dispatcher."""
    command = [sys.executable, "-m", "tests.data.service_process"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    started = {
        count: subprocess.Popen([*command, str(count)], **pipes) for count in (1, 2)
    }
    addresses = {}

    def address(count):
        if count not in addresses:
            addresses[count] = started[count].stdout.readline().strip()
        return addresses[count]

    yield address
    for process in started.values():
        process.kill()
        process.communicate()


def take(dataset, count):
    return [[part.numpy() for part in batch] for batch in dataset.take(count)]


def check_equal(received, expected):
    for ours, theirs in zip(received, expected, strict=True):
        for one, other in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(one, other)


def test_one_worker_makes_the_batches_that_are_made_here(service, numbered, one_hot):
    sources = [numbered("one", 10, broken=(3,)), numbered("two", 7, domains="cde")]
    check_equal(
        take(training_batches(sources, 4, start_step=5, data_service=service(1)), 12),
        take(training_batches(sources, 4, start_step=5), 12),
    )
    source = one_hot("set", [0] * 5 + [1] * 3)
    check_equal(
        take(reference_batches(source, 3, seed=2, data_service=service(1)), 12),
        take(reference_batches(source, 3, seed=2), 12),
    )


def test_several_workers_make_each_batch_once(service, numbered):
    source = numbered("set", 40)
    # Half of the batches: what is late comes within them.
    shared = take(training_batches(source, 4, data_service=service(2)), 20)
    alone = take(training_batches(source, 4), 40)
    places = [
        next(i for i, (x, _) in enumerate(alone) if np.array_equal(x, images))
        for images, _ in shared
    ]
    assert len(set(places)) == 20


def test_a_worker_that_does_not_see_the_cache(service, numbered, cache_folder):
    batches = training_batches(numbered("set", 4), 2, data_service=service(1))
    (file,) = cache_folder.glob("*/images.raw")
    file.unlink()
    message = f"images.raw; No such.* see {cache_folder}"
    with pytest.raises(InputError, match=message), served(service(1)):
        next(iter(batches))


def test_what_cannot_be_served(numbered, service, tmp_path, monkeypatch, warned):
    source = numbered("set", 4)
    with pytest.raises(InputError, match=r"such as grpc://localhost:5000. Received: h"):
        training_batches(source, data_service="host:5000")
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"grpc://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(InputError, match=f"answers at {address}: Connection refused"):
        training_batches(source, data_service=address)
    with pytest.raises(InputError, match="cache='never'.* STARGAN_TF_CACHE"):
        training_batches(source, data_service=service(1), cache="never")
    (tmp_path / "file").touch()
    monkeypatch.setenv("STARGAN_TF_CACHE", str(tmp_path / "file"))
    with pytest.raises(InputError, match="cache='auto'.* STARGAN_TF_CACHE"):
        training_batches(source, data_service=service(1))
    assert len(warned) == 1
