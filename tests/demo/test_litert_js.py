import hashlib
import io
import socket
import tarfile
import threading

import pytest

from stargan_tf.demo import litert_js
from stargan_tf.demo.litert_js import runtime_folder
from stargan_tf.demo.web import static_server
from stargan_tf.errors import InputError

FILES = ("dist/index.js", "wasm/a.wasm")


@pytest.fixture
def registry(tmp_path, monkeypatch):
    """Serves both packages as npm does; (files, digest) → their folder."""
    monkeypatch.setenv("STARGAN_TF_CACHE", str(tmp_path / "cache"))
    served = tmp_path / "npm"

    def publish(files=FILES, digest=None):
        digests = {}
        for name in ("core", "wasm-utils"):
            path = served / f"@litertjs/{name}/-/{name}-{litert_js.VERSION}.tgz"
            path.parent.mkdir(parents=True)
            with tarfile.open(path, "w:gz") as archive:
                for file in files:
                    entry = tarfile.TarInfo(f"package/{file}")
                    entry.size = 3
                    archive.addfile(entry, io.BytesIO(b"abc"))
            digests[name] = digest or hashlib.sha256(path.read_bytes()).hexdigest()
        monkeypatch.setattr(litert_js, "PACKAGES", digests)
        return served

    served.mkdir()
    with static_server(served, 0) as server:
        address = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setattr(litert_js, "REGISTRY", address)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield publish
        server.shutdown()
        thread.join()


def test_it_is_fetched_once(registry):
    served = registry()
    folder = runtime_folder()
    for package in ("core", "wasm-utils"):
        found = {p.name for p in (folder / package).rglob("*") if p.is_file()}
        assert found == {"index.js", "a.wasm"}
    served.rename(served.with_name("gone"))
    assert runtime_folder() == folder


def refused(tmp_path):
    with pytest.raises(InputError, match="Cannot (download|unpack)") as error:
        runtime_folder()
    assert "npm install @litertjs/core@" in str(error.value)
    assert not list((tmp_path / "cache").glob("litertjs-*"))
    return str(error.value)


def test_another_content_is_refused_and_nothing_stays(registry, tmp_path):
    registry(digest="0" * 64)
    assert "Incomplete or corrupted file" in refused(tmp_path)


def test_a_path_that_leaves_the_package_is_refused(registry, tmp_path):
    registry(files=(*FILES, "../../../escaped.js"))
    assert "outside the destination" in refused(tmp_path)
    assert not list(tmp_path.rglob("escaped.js"))


def test_a_registry_that_does_not_answer(tmp_path, monkeypatch):
    monkeypatch.setenv("STARGAN_TF_CACHE", str(tmp_path / "cache"))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # Nobody listens there.
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        monkeypatch.setattr(litert_js, "REGISTRY", address)
        assert f"{address}/@litertjs/core/-/core-2.5.3.tgz" in refused(tmp_path)


def test_a_given_folder(fake_runtime, tmp_path):
    assert runtime_folder(fake_runtime) == fake_runtime
    modules = tmp_path / "project/node_modules"
    modules.mkdir(parents=True)
    fake_runtime.rename(modules / "@litertjs")
    assert runtime_folder(tmp_path / "project") == modules / "@litertjs"


def test_a_folder_without_the_packages(tmp_path):
    with pytest.raises(InputError, match="npm install @litertjs/core@.* Received"):
        runtime_folder(tmp_path)
