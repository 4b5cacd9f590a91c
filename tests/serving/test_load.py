"""Sixteen clients at once, for half a minute."""

import resource
import threading
import time

import numpy as np

from stargan_tf.serving import Client, Retries
from stargan_tf.serving.batching_config import Batching
from stargan_tf.serving.server import Server, ServerOptions
from tests.serving.toy import write_toy

CLIENTS, SECONDS = 16, 30.0
MEGABYTES = 48  # what a busy process may take more; a request kept would be thousands


def used_megabytes():
    """Of this process, now."""
    with open("/proc/self/statm") as file:
        pages = int(file.read().split()[1])
    return pages * resource.getpagesize() / 2**20


def test_no_request_fails_and_memory_does_not_grow(tmp_path):
    folder = tmp_path / "toy"
    write_toy(folder, 1)
    options = ServerOptions(port=0, batching=Batching(8, 0.005))
    server = Server(folder, options)
    server.start()
    end = time.monotonic() + SECONDS
    answers, failed, memory = [0] * CLIENTS, [], []

    def ask(number):
        images = np.full((1 + number % 3, 4, 4, 3), number, np.uint8)
        labels = np.full((len(images), 2), 1, np.float32)
        inputs = {"images": images, "labels": labels}
        with Client(server.address, "toy", retries=Retries(seconds=0)) as client:
            while time.monotonic() < end:
                try:
                    found = client.predict(inputs)["images"]
                    assert (found == number + 1).all() and found.shape == images.shape
                except Exception as error:
                    failed.append(error)
                answers[number] += 1

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(CLIENTS)]
    for thread in threads:
        thread.start()
    while time.monotonic() < end:
        time.sleep(SECONDS / 6)
        memory.append(used_megabytes())
    for thread in threads:
        thread.join()
    server.stop(0)
    assert not failed, failed[:3]
    assert min(answers) > 0
    assert memory[-1] - memory[1] < MEGABYTES, memory
