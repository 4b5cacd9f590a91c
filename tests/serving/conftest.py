"""A development server around a toy."""

import pytest

from stargan_tf.serving.client import Client
from stargan_tf.serving.dev_server import DevServer
from tests.serving.toy import write_toy


@pytest.fixture(scope="module")
def toy_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served") / "toy"
    write_toy(folder, 1)
    return folder


@pytest.fixture(scope="module")
def server(toy_folder):
    running = DevServer(toy_folder, port=0)
    running.start()
    yield running
    running.stop(0)


@pytest.fixture
def client(server):
    with Client(server.address, "toy") as opened:
        yield opened
