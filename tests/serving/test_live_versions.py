"""New versions while clients ask, and what becomes of bad ones."""

import os
import threading
import time

import numpy as np
import pytest

from stargan_tf.serving import Client, Retries
from stargan_tf.serving.live_versions import AVAILABLE, END, LiveVersions
from stargan_tf.serving.refusal import Refusal
from stargan_tf.serving.server import Server, ServerOptions
from tests.serving.toy import write_toy

INPUTS = {
    "images": np.zeros((1, 4, 4, 3), np.uint8),
    "labels": np.zeros((1, 2), np.float32),
}


class Fake:
    """A loaded version, to see when it is closed."""

    def __init__(self):
        self.closed = False

    def close(self):
        self.closed = True


@pytest.fixture
def versions(tmp_path):
    from stargan_tf.errors import InputError
    from stargan_tf.serving.live_model import LiveModel

    def load(number, folder):
        if (folder / "bad").exists():
            raise InputError("bad")
        return LiveModel(number, Fake(), None)

    (tmp_path / "1").mkdir()
    found = LiveVersions("toy", tmp_path, load)
    found.refresh()
    return found, tmp_path


def test_a_version_is_closed_when_its_last_request_is_answered(versions):
    live, folder = versions
    with live.use() as first:
        (folder / "2").mkdir()
        live.refresh()
        assert not first.model.closed
        with live.use() as second:
            assert second.version == 2
    assert first.model.closed
    assert not second.model.closed
    assert live.states[1].state == END
    assert live.states[2].state == AVAILABLE
    with pytest.raises(Refusal, match=r"Specific\(toy, 1\)"), live.use(1):
        pass
    live.close()
    assert second.model.closed
    with pytest.raises(Refusal, match=r"Latest\(toy\)"), live.use():
        pass


def test_a_bad_version_leaves_the_old_one(versions, caplog):
    live, folder = versions
    (folder / "2" / "bad").mkdir(parents=True)
    live.refresh()
    live.refresh()
    assert len(caplog.records) == 1
    with live.use() as still:
        assert still.version == 1
    assert (live.states[2].state, live.states[2].error) == (END, "bad")
    (folder / "2" / "bad").rmdir()
    os.utime(folder / "2", (1, 1))  # made anew
    live.refresh()
    with live.use() as new:
        assert new.version == 2


def test_an_older_version_comes_back_when_the_newest_is_removed(versions):
    live, folder = versions
    (folder / "2").mkdir()
    live.refresh()
    (folder / "2").rmdir()
    live.refresh()
    with live.use() as old:
        assert old.version == 1
    (folder / "1").rmdir()
    live.refresh()
    with live.use() as old:
        assert old.version == 1


def test_no_request_fails_while_a_new_version_comes(tmp_path):
    folder = tmp_path / "toy"
    write_toy(folder, 1)
    server = Server(folder, ServerOptions(port=0, poll_seconds=0.05))
    server.start()
    seen, failed, stop = [], [], threading.Event()

    def ask():
        # No retries: each failure would be seen.
        with Client(server.address, "toy", retries=Retries(seconds=0)) as client:
            while not stop.is_set():
                try:
                    seen.append(int(client.predict(INPUTS)["version"][0]))
                except Exception as error:
                    failed.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in (2, 3):
        write_toy(folder, number)
        deadline = time.monotonic() + 60
        while number not in seen[-1:] and time.monotonic() < deadline:
            time.sleep(0.05)
    stop.set()
    for thread in threads:
        thread.join()
    with Client(server.address, "toy") as client:
        assert client.status() == {1: "END", 2: "END", 3: "AVAILABLE"}
    server.stop(0)
    assert not failed
    assert set(seen) == {1, 2, 3}
