import functools
import gc
import hashlib
import re
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import ClassVar

import keras
import numpy as np
import pytest
from absl import logging

from stargan_tf.convert.files import write_torch
from stargan_tf.errors import InputError
from stargan_tf.evaluation.weights import SOURCES, Source, load_weights

PUBLISHED = np.arange(4, dtype=np.float32).reshape(2, 2, 1, 1)  # (out, in, h, w)
KERNEL = np.array([[[[0, 2], [1, 3]]]], np.float32)  # (h, w, in, out)


class Handler(SimpleHTTPRequestHandler):
    """Serves a folder; of `cut.pth` it promises more than it sends."""

    asked: ClassVar[list[str]] = []

    def do_GET(self):
        self.asked.append(self.path)
        super().do_GET()

    def send_header(self, keyword, value):
        if keyword == "Content-Length" and self.path == "/cut.pth":
            value = str(int(value) + 100)
        super().send_header(keyword, value)

    def log_message(self, *arguments):
        pass


def inception(factor):
    ones = np.ones(2, np.float32)
    return {
        "net.conv.weight": factor * PUBLISHED,
        "net.bn.weight": np.sqrt(np.float32(1 + 1e-3)) * ones,
        "net.bn.bias": ones,
        "net.bn.running_mean": 0 * ones,
        "net.bn.running_var": ones,
    }


@pytest.fixture
def publisher(tmp_path, monkeypatch):
    """A server on this machine, and weights of three networks that it publishes."""
    pytest.importorskip("torch")
    folder = tmp_path / "published"
    folder.mkdir()
    trunk = {"features.0.weight": PUBLISHED, "features.0.bias": np.zeros(2, np.float32)}
    heads = {f"lin{i}.model.1.weight": PUBLISHED + i for i in range(5)}
    files = {"1.pth": inception(1), "2.pth": inception(2), "cut.pth": inception(3)}
    for name, content in {**files, "trunk.pth": trunk, "heads.pth": heads}.items():
        write_torch(folder / name, content)
    monkeypatch.setattr(Handler, "asked", [])
    handler = functools.partial(Handler, directory=folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def publish(name, *files):
        url = f"http://127.0.0.1:{server.server_port}"
        data = {f"{url}/{file}": (folder / file).read_bytes() for file in files}
        hashes = {url: hashlib.sha256(x).hexdigest() for url, x in data.items()}
        monkeypatch.setitem(SOURCES, name, Source(f"test {name}", hashes))

    publish("one", "1.pth")
    publish("two", "2.pth")
    publish("lpips_toy", "trunk.pth", "heads.pth")
    yield SimpleNamespace(folder=folder, publish=publish)
    server.shutdown()
    server.server_close()


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """The folder of temporary files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def check(arrays, factor=1):
    assert set(arrays) == {"net/kernel", "net/bias"}
    np.testing.assert_allclose(arrays["net/kernel"], factor * KERNEL, rtol=1e-6)
    np.testing.assert_allclose(arrays["net/bias"], [1, 1], rtol=1e-6)


def kept(cache):
    return sorted(path.name for path in cache.glob("weights/*"))


def test_fetched_once_then_from_the_cache(publisher, own_cache, temporary):
    check(load_weights("one"))
    assert Handler.asked == ["/1.pth"] and not list(temporary.iterdir())
    check(load_weights("one"))
    assert Handler.asked == ["/1.pth"] and kept(own_cache) == ["one-v1.npz"]


def test_a_network_and_its_heads(publisher, own_cache):
    arrays = load_weights("lpips_toy")
    assert Handler.asked == ["/trunk.pth", "/heads.pth"]
    np.testing.assert_array_equal(arrays["conv_0/kernel"], KERNEL)
    np.testing.assert_array_equal(arrays["head_2/kernel"], [2, 3, 4, 5])


def test_damaged_weights_are_fetched_again(publisher, own_cache, monkeypatch):
    warned = []
    monkeypatch.setattr(logging, "warning", lambda text, *v: warned.append(text % v))
    load_weights("one")
    file = own_cache / "weights" / "one-v1.npz"
    file.write_bytes(file.read_bytes()[:-30])
    check(load_weights("one"))
    assert len(warned) == 1 and str(file) in warned[0]
    load_weights("one")
    assert len(warned) == 1


# urllib leaves the connection open when it is cut.
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.parametrize("trouble", ["missing", "cut"])
def test_a_failed_download_leaves_nothing(publisher, own_cache, temporary, trouble):
    publisher.publish("one", "cut.pth")
    if trouble == "missing":
        (publisher.folder / "cut.pth").unlink()
    with pytest.raises(InputError) as told:
        load_weights("one")
    message = str(told.value)
    del told
    gc.collect()
    assert "\n" not in message
    reason = {"missing": "404", "cut": "got only"}[trouble]
    for part in ("test one", "cut.pth", reason, str(own_cache / "weights")):
        assert part in message
    assert not kept(own_cache) and not list(temporary.iterdir())


def test_an_interrupted_download_leaves_nothing(
    publisher, own_cache, temporary, monkeypatch
):
    def interrupted(origin, file_hash, cache_dir, cache_subdir):
        (cache_dir / "1.pth").write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(keras.utils, "get_file", interrupted)
    with pytest.raises(KeyboardInterrupt):
        load_weights("one")
    assert not kept(own_cache) and not list(temporary.iterdir())


def test_another_file_than_the_known_one_is_refused(publisher, own_cache, temporary):
    write_torch(publisher.folder / "1.pth", inception(5))
    with pytest.raises(InputError, match=r"The SHA-256 of .*1\.pth must begin"):
        load_weights("one")
    assert not kept(own_cache) and not list(temporary.iterdir())


def test_without_pytorch_nothing_is_fetched(publisher, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImportError, match=r"stargan_tf\[convert\]"):
        load_weights("one")
    assert not Handler.asked


@pytest.mark.parametrize("name", ["one.npz", "1.pth"])
def test_a_file_put_into_the_cache_by_hand(publisher, own_cache, name):
    folder = own_cache / "weights"
    folder.mkdir(parents=True)
    if name == "1.pth":
        (publisher.folder / name).rename(folder / name)
    else:
        np.savez(folder / name, **{"net/kernel": KERNEL, "net/bias": [1.0, 1.0]})
    check(load_weights("one"))
    assert not Handler.asked and kept(own_cache) == sorted([name, "one-v1.npz"])


@pytest.mark.parametrize("way", ["path", "folder", "variable"])
@pytest.mark.parametrize("name", ["one.npz", "one-v1.npz", "1.pth"])
def test_ones_own_file(publisher, tmp_path, monkeypatch, way, name):
    own = tmp_path / "own"
    own.mkdir()
    if name == "1.pth":
        (publisher.folder / name).rename(own / name)
    else:
        np.savez(own / name, **{"net/kernel": KERNEL, "net/bias": [1.0, 1.0]})
    path = {"path": own / name, "folder": own, "variable": None}[way]
    if way == "variable":
        monkeypatch.setenv("STARGAN_TF_WEIGHTS", str(own))
    check(load_weights("one", path))
    assert not Handler.asked


def test_a_converted_file_under_any_name_by_path(publisher, tmp_path):
    np.savez(tmp_path / "x.npz", **{"net/kernel": KERNEL, "net/bias": [1.0, 1.0]})
    check(load_weights("one", tmp_path / "x.npz"))


def test_ones_own_folder_may_hold_other_weights_only(publisher, tmp_path, monkeypatch):
    own = tmp_path / "own"
    own.mkdir()
    monkeypatch.setenv("STARGAN_TF_WEIGHTS", str(own))
    check(load_weights("two"), 2)


def test_the_variable_may_name_a_file_for_another_network(
    publisher, tmp_path, monkeypatch
):
    monkeypatch.setenv("STARGAN_TF_WEIGHTS", str(publisher.folder / "1.pth"))
    check(load_weights("two"), 2)
    monkeypatch.setenv("STARGAN_TF_WEIGHTS", str(tmp_path / "unknown"))
    with pytest.raises(InputError, match="STARGAN_TF_WEIGHTS must exist"):
        load_weights("two")
    (tmp_path / "unknown").touch()
    with pytest.raises(InputError, match=r"test two: two\.npz or 2\.pth\. Received"):
        load_weights("two")


def test_wrong_files_are_named(publisher, tmp_path):
    other = tmp_path / "other.pth"
    other.touch()
    with pytest.raises(InputError, match=r"must be a file for test one: one\.npz or 1"):
        load_weights("one", other)
    with pytest.raises(InputError, match=r"other\.npz must contain converted weights"):
        load_weights("one", other.rename(tmp_path / "other.npz"))
    with pytest.raises(InputError, match="The path of weights must exist"):
        load_weights("one", tmp_path / "nowhere")
    (publisher.folder / "heads.pth").unlink()
    with pytest.raises(InputError, match=r"test lpips_toy also needs .*heads\.pth"):
        load_weights("lpips_toy", publisher.folder)
    with pytest.raises(InputError, match="Did you mean lpips_vgg"):
        load_weights("lpips_vg")


def test_hashes_begin_as_the_published_names_say():
    for source in SOURCES.values():
        for url, sha256 in source.files.items():
            digits = re.findall(r"-([0-9a-f]{8})\.pth", url)
            assert url.startswith("https://") and len(sha256) in (8, 64)
            assert not digits or sha256.startswith(digits[0])
            assert digits or len(sha256) == 64
