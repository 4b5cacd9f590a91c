"""Requests that are none, by the hundred: the next client is served all the same."""

import contextlib
import random
import shutil
import socket
import threading
import urllib.request
from pathlib import Path

import pytest

from stargan_tf.demo.web import static_server
from stargan_tf.serving.client import Client
from stargan_tf.serving.dev_server import DevServer
from tests.robustness.readers import SAVED

CONNECTIONS = 500
DICE = random.Random(0)
HTTP2 = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
# A frame's head: length, type, flags, stream.
FRAMES = [
    b"\xff\xff\xff\0\0\0\0\0\1",
    b"\0\0\4\3\0\0\0\0\0" + bytes(4),
    b"\0\0\x08\1\5\0\0\0\1" + b"\x80" * 8,
]
REQUESTS = {
    "nothing": [b""],
    "random bytes": [DICE.randbytes(size) for size in (1, 100, 10_000, 1 << 20)],
    "half a request": [
        b"GET /index",
        b"GET / HTTP/1.1\r\nHost: x\r\n",
        HTTP2[:10],
        HTTP2,
    ],
    "frames": [HTTP2 + frame for frame in FRAMES],
    "a null byte": [b"GET /%00 HTTP/1.0\r\n\r\n", b"GET /\0 HTTP/1.0\r\n\r\n"],
    "paths above": [
        b"GET /../../../../etc/passwd HTTP/1.0\r\n\r\n",
        b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.0\r\n\r\n",
        b"GET //etc/passwd HTTP/1.0\r\n\r\n",
    ],
    "long lines": [
        b"GET /" + b"x" * 1_000_000 + b" HTTP/1.0\r\n\r\n",
        b"GET / HTTP/1.0\r\n" + b"a: b\r\n" * 100_000 + b"\r\n",
    ],
    "other methods": [b"POST / HTTP/1.0\r\nContent-Length: 99999999999\r\n\r\n"],
    "another version": [b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\0\x01\0"],
}


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """(host, port) of a page, and what says that it is served."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "index.html").write_text("the page")
    server = static_server(folder, 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def is_served():
        address = f"http://127.0.0.1:{server.server_port}/"
        with urllib.request.urlopen(address, timeout=30) as response:
            return response.read() == b"the page"

    yield ("127.0.0.1", server.server_port), is_served
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """The same of a served model."""
    folder = tmp_path_factory.mktemp("served") / "faces"
    shutil.copytree(SAVED / "saved_model", folder)
    server = DevServer(Path(folder), port=0)
    server.start()
    host, port = server.address.split(":")

    def is_served():
        with Client(server.address, "faces", timeout=60) as client:
            return client.describe()["family"] == "stargan"

    yield (host, int(port)), is_served
    server.stop(0)


@pytest.mark.parametrize("kind", REQUESTS)
@pytest.mark.parametrize("server", ["page", "model"])
def test_the_next_client_is_served(server, kind, request):
    address, is_served = request.getfixturevalue(server)
    for content in REQUESTS[kind]:
        answer = b""
        # Either side may have had enough.
        with (
            contextlib.suppress(OSError),
            socket.create_connection(address, timeout=2) as connection,
        ):
            connection.sendall(content)
            connection.shutdown(socket.SHUT_WR)
            answer = connection.recv(1 << 16)
        assert b"root:" not in answer and b"Traceback" not in answer
    assert is_served()


@pytest.mark.parametrize("server", ["page", "model"])
def test_many_connections_that_say_nothing(server, request):
    address, is_served = request.getfixturevalue(server)
    with contextlib.ExitStack() as stack:
        for _ in range(CONNECTIONS):
            made = stack.enter_context(socket.create_connection(address, timeout=10))
            made.send(b"G")
        assert is_served()
    assert is_served()
