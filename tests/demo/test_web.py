"""The web demo: what it reads, what it writes, and how it is served."""

import json
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from PIL import Image

import stargan_tf
from stargan_tf.data.info import DatasetInfo
from stargan_tf.demo import web
from stargan_tf.demo.web import (
    read_device_model,
    run_web_demo,
    static_server,
    write_sample_faces,
    write_site,
)
from stargan_tf.errors import InputError
from tests.demo.conftest import FACES


def test_an_export_is_read(described):
    model = read_device_model(described())
    assert model.files["generator"].read_bytes() == b"abc"


def test_an_export_with_styles(v2):
    assert set(v2.files) == {"generator", "style"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": "another/1"}, "Received: 'another/1'. Export the model again"),
        ({"files": {}}, "does not describe LiteRT files"),
        ({"files": {"generator": {"path": "../a", "sha256": ""}}}, "does not describe"),
        ({"high_pass": 20}, "cannot compute the masks"),
        ({"num_channels": 2}, "square 8-bit images, gray or RGB"),
        (
            {"datasets": [{"name": "a", "intensity": {"low": [0]}}]},
            "square 8-bit images, gray or RGB",
        ),
        ({"files": {"generator": {"path": "no.tflite", "sha256": ""}}}, "is missing"),
        (
            {"files": {"generator": {"path": "generator.tflite", "sha256": "0"}}},
            "SHA-256 differs",
        ),
    ],
)
def test_what_cannot_be_used_is_refused(described, changes, message):
    with pytest.raises(InputError, match=message):
        read_device_model(described(**changes))


@pytest.mark.parametrize("text", ["", "[1]", "{}", "nonsense"])
def test_what_describes_nothing_is_refused(tmp_path, text):
    (tmp_path / "model.json").write_text(text)
    with pytest.raises(InputError, match="does not describe LiteRT files"):
        read_device_model(tmp_path)


def test_a_folder_without_description(tmp_path):
    with pytest.raises(InputError, match="Received: .* Create one: stargan-tf export"):
        read_device_model(tmp_path / "nothing")


ROOT = Path(stargan_tf.__file__).parents[1]


@pytest.fixture
def site(tmp_path, described, fake_runtime):
    model = read_device_model(described())
    folder = tmp_path / "site"
    folder.mkdir()
    write_site(folder, model, fake_runtime)
    return folder


def test_everything_lies_in_one_folder(site):
    assert json.loads((site / "model/model.json").read_text())["image_size"] == 32
    assert (site / "model/generator.tflite").read_bytes() == b"abc"
    assert (site / "faces/faces.json").is_file()
    assert [path.name for path in (site / "runtime/wasm").iterdir()] == [
        "litert_wasm_internal.wasm"
    ]
    headers = (site / "_headers").read_text()
    assert "/*\n  Cross-Origin-Opener-Policy: same-origin\n" in headers


def test_the_runtime_needs_no_import_map(site):
    first, second = (site / "runtime/core/index.js").read_text().splitlines()
    assert first.startswith("// Changed by stargan_tf")
    assert second == 'import {x} from "../wasm-utils/index.js";'


def test_licenses_are_included(site):
    license = site / "LICENSE.txt"
    assert license.read_bytes() == (ROOT / "LICENSE").read_bytes()
    assert "Google LLC" in (site / "THIRD_PARTY.txt").read_text()


def test_the_page_names_files_that_exist_and_no_other_host(site):
    for path in (site / "index.html", *(site / "page").iterdir()):
        text = path.read_text()
        foreign = set(re.findall(r"https?://[\w.-]+", text))
        assert not foreign - {"http://www.w3.org"}, path
        for name in re.findall(r"""from '(\./[^']+)'""", text):
            assert (path.parent / name).is_file(), name
    page = (site / "index.html").read_text()
    for name in re.findall(r'(?:href|src)="([^"#]+)"', page):
        assert (site / name).is_file(), name


@pytest.mark.parametrize(
    ("datasets", "domains"),
    [
        (
            [{"name": "folder"}, FACES.to_dict()],
            {"Black_Hair", "Blond_Hair", "Brown_Hair", "Male", "Young"},
        ),
        ([FACES.choose(["Young"]).to_dict()], {"Young"}),
        ([{"name": "folder"}], {"woman", "man", "child"}),
    ],
)
def test_faces_show_different_things(tmp_path, datasets, domains):
    write_sample_faces(tmp_path / "faces", datasets)
    listing = json.loads((tmp_path / "faces/faces.json").read_text())
    assert len(listing) == web.FACES
    assert domains == {name for face in listing for name in face["domains"]}
    assert len(listing[0]["domains"]) == max(len(face["domains"]) for face in listing)
    for face in listing:
        with Image.open(tmp_path / "faces" / face["file"]) as picture:
            assert picture.size == (256, 256)


def test_faces_have_one_of_the_domains(tmp_path):
    info = DatasetInfo("toon_attributes", ("Blond_Hair", "Black_Hair"), "one_hot", 32)
    write_sample_faces(tmp_path / "faces", [info.to_dict()])
    listing = json.loads((tmp_path / "faces/faces.json").read_text())
    assert {tuple(face["domains"]) for face in listing} == {
        ("Black_Hair",),
        ("Blond_Hair",),
    }


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
    monkeypatch.setattr(web._Handler, "timeout", 0.05)
    port = int(address.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(b"GET / HT")
        assert connection.recv(100) == b""


def test_a_taken_port_is_told(tmp_path):
    with static_server(tmp_path, 0) as server:
        message = f"Port {server.server_port} .* in use by another program.*--port 0"
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


def test_only_written(described, fake_runtime, tmp_path, capsys):
    output = tmp_path / "new" / "page"
    run_web_demo(described(), port=None, output=output, runtime=fake_runtime)
    assert (output / "index.html").is_file()
    assert f"Wrote {output}" in capsys.readouterr().out
    assert [path.name for path in output.parent.iterdir()] == ["page"]


def test_nothing_is_overwritten(described, fake_runtime, tmp_path):
    with pytest.raises(InputError, match="exists already"):
        run_web_demo(described(), port=None, output=tmp_path, runtime=fake_runtime)


def test_neither_served_nor_kept(described):
    with pytest.raises(InputError, match="--noserve needs --output"):
        run_web_demo(described(), port=None)


def test_what_cannot_be_written_is_told(described, fake_runtime, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="Cannot write the page"):
        run_web_demo(
            described(), port=0, output=tmp_path / "file/page", runtime=fake_runtime
        )


def test_the_command_serves_until_it_is_interrupted(
    described, fake_runtime, heeded_signals
):
    command = [sys.executable, "-m", "stargan_tf.cli.main", "demo", "web", "--port=0"]
    command += [f"--model={described()}", f"--runtime={fake_runtime}"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as served:
        address = served.stdout.readline().split()[1]
        with urllib.request.urlopen(f"{address}model/model.json") as answer:
            assert answer.status == 200
        served.send_signal(signal.SIGINT)
        assert served.wait(timeout=60) == 0
        assert served.stderr.read() == ""
