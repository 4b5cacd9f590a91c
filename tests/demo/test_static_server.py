import socket
import threading
import urllib.error
import urllib.request

import pytest

from stargan_tf.demo.web import StaticHandler, static_server
from stargan_tf.errors import InputError


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    site = folder / "site"
    (site / "empty").mkdir(parents=True)
    (site / "index.html").write_text("hello")
    (site / "a.wasm").write_bytes(b"\0asm")
    (site / "a.js").write_text("1")
    (folder / "secret.txt").write_text("secret")
    with static_server(site, 0) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_the_page_is_isolated(address):
    with urllib.request.urlopen(address) as answer:
        assert answer.read() == b"hello"
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert answer.headers["Cross-Origin-Embedder-Policy"] == "require-corp"


@pytest.mark.parametrize(
    ("name", "kind"), [("a.wasm", "application/wasm"), ("a.js", "text/javascript")]
)
def test_types_that_browsers_insist_on(address, name, kind):
    with urllib.request.urlopen(f"{address}/{name}") as answer:
        assert answer.headers["Content-Type"] == kind


@pytest.mark.parametrize(
    "path", ["/empty/", "/none", "/../secret.txt", "/%2e%2e/secret.txt", "/a%00.js"]
)
def test_there_are_no_listings_and_no_way_out(address, path):
    with pytest.raises(urllib.error.HTTPError, match="404") as error:
        urllib.request.urlopen(address + path)
    error.value.close()


def test_half_a_request_is_not_waited_for(address, monkeypatch):
    monkeypatch.setattr(StaticHandler, "timeout", 0.05)
    port = int(address.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(b"GET / HT")
        assert connection.recv(100) == b""


def test_a_taken_port_is_told(tmp_path):
    with static_server(tmp_path, 0) as server:
        message = f"Port {server.server_port} .* another program uses it.*--port 0"
        with pytest.raises(InputError, match=message):
            static_server(tmp_path, server.server_port)


def test_a_port_that_is_none(tmp_path):
    with pytest.raises(InputError, match="Port 70000"):
        static_server(tmp_path, 70000)


def test_a_browser_that_leaves_is_no_defect(tmp_path, capsys):
    with static_server(tmp_path, 0) as server:
        for error in (BrokenPipeError(), ValueError("a defect")):
            try:
                raise error
            except Exception:
                server.handle_error(None, ("127.0.0.1", 1))
    printed = capsys.readouterr().err
    assert "a defect" in printed and "BrokenPipe" not in printed
