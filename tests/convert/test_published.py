"""Models that their authors publish, from a server on this machine."""

import io
import json
import sys
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import keras
import numpy as np
import pytest

import stargan_tf
from stargan_tf import files
from stargan_tf.cli.main import main
from stargan_tf.convert.files import write_torch
from stargan_tf.convert.names import PRESETS
from stargan_tf.convert.published import fetch, model_folder, published
from stargan_tf.convert.read import official_codes
from stargan_tf.errors import InputError
from stargan_tf.faces.network import LandmarkNetwork
from tests.convert.conftest import v1_states, v2_states
from tests.faces.landmark_golden import ARRAYS, images, state_dict

FILE = "100000_nets_ema.ckpt"
PAGE = b"<!DOCTYPE html><title>Dropbox - Error</title>"


def averages(seed, **sizes):
    """An official file's content, of random weights."""
    rng = np.random.default_rng(seed)
    states = v2_states(**sizes)
    del states["discriminator"]
    for state in states.values():
        for key in state.keys() - {"hpf.filter"}:
            state[key] = rng.normal(0, 0.1, state[key].shape).astype(np.float32)
    return states


@pytest.fixture
def publisher(tmp_path, monkeypatch):
    """A server with small files in place of the authors' ones."""
    pytest.importorskip("torch")
    cache = tmp_path / "cache"
    monkeypatch.setenv("STARGAN_TF_CACHE", str(cache))
    monkeypatch.chdir(tmp_path)
    answers, asked = {}, []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            # What Dropbox needs to send a file in place of a page.
            name = self.path.strip("/").removesuffix(f"/{FILE}?dl=1")
            status, content, length = answers.get(name, (404, b"", 0))
            self.send_response(status)
            self.send_header("Content-Length", str(length))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    (family,) = [name for name, code in official_codes().items() if code.published]
    code = official_codes()[family]
    moved = [
        replace(one, url=f"{address}/{one.name}/{FILE}?dl=1") for one in code.published
    ]
    monkeypatch.setitem(official_codes(), family, replace(code, published=tuple(moved)))

    def publish(name, content, missing=0):
        if not isinstance(content, bytes):
            write_torch(tmp_path / "new.ckpt", content)
            content = (tmp_path / "new.ckpt").read_bytes()
            (tmp_path / "new.ckpt").unlink()
        answers[name] = (200, content, len(content) + missing)

    publish("afhq", averages(1, domains=3))
    yield SimpleNamespace(
        publish=publish, answers=answers, asked=asked, cache=cache, address=address
    )
    server.shutdown()
    server.server_close()


@pytest.fixture
def command(capsys):
    """Runs `stargan-tf` in this process → (status, stdout, stderr)."""

    def run(*arguments):
        status = main([*map(str, arguments)])
        output = capsys.readouterr()
        return status, output.out, output.err

    return run


ACCEPTED = ("import", "official/afhq", "--output", "model", "--accept_license")


def kept(cache):
    """Every file that the cache holds of published models."""
    found = [path for path in cache.rglob("*") if path.is_file()]
    return sorted(path.relative_to(cache).as_posix() for path in found)


def test_import_by_name(publisher, command, tmp_path):
    status, output, errors = command(*ACCEPTED)
    assert (status, errors) == (0, "")
    title, license, fetching, made, *_ = output.splitlines()
    assert title == (
        "official/afhq: StarGAN v2 trained on AFHQ, by Yunjey Choi et al., NAVER "
        "Corp. (https://github.com/clovaai/stargan-v2)."
    )
    assert license.startswith("License: CC BY-NC 4.0 (noncommercial use only), https:")
    assert fetching.startswith(
        f"Downloading official/afhq from {publisher.address}/afhq/{FILE}?dl=1"
    )
    assert made == "A stargan_v2 model for 64 px of afhq (cat, dog, wild)."
    assert publisher.asked == [f"/afhq/{FILE}?dl=1"]
    assert kept(publisher.cache) == [f"official/afhq/{FILE}", "official_sha256/afhq"]

    file = publisher.cache / "official/afhq" / FILE
    digest = files.sha256(file)
    record = (publisher.cache / "official_sha256/afhq").read_text()
    assert record == f"{digest}  {FILE}\n"
    imported = json.loads((tmp_path / "model/import.json").read_text())
    assert imported["checkpoints"] == [str(file)] and imported["step"] == 100_000
    assert imported["origin"]["name"] == "official/afhq"
    assert imported["origin"]["sha256"] == digest
    assert imported["origin"]["license"].startswith("CC BY-NC 4.0")

    stargan_tf.import_checkpoint([file], tmp_path / "by_file", preset="afhq")
    by_name = stargan_tf.load_model("model")
    by_file = stargan_tf.load_model("by_file")
    for ours, theirs in zip(
        by_name.generator_ema.weights, by_file.generator_ema.weights, strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)

    again = ("--domains", "feline,canine,other", "--overwrite")
    status, output, _ = command(*ACCEPTED, *again)
    assert status == 0 and "License: " in output and "Downloading" not in output
    assert "64 px of imported (feline, canine, other)." in output
    assert len(publisher.asked) == 1


def test_a_face_model_has_high_pass_skips(publisher, command):
    fan = {"conv1.weight": np.ones((2, 2), np.float32)}
    content = averages(2, domains=2, high_pass=True) | {"fan": fan}
    publisher.publish("celeba_hq", content)
    status, output, _ = command(
        "import", "official/celeba_hq", "--output", "faces", "--accept-license"
    )
    assert status == 0 and "64 px of celeba_hq (female, male)." in output
    assert "The model has high-pass skips" in output


@pytest.fixture
def terminal(monkeypatch, capsys):
    """Lets a person type an answer."""

    def type(text):
        screen = io.StringIO(text)
        screen.isatty = lambda: True
        monkeypatch.setattr(sys, "stdin", screen)
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)

    return type


def test_the_license_is_accepted_at_a_terminal(publisher, command, terminal):
    terminal("Yes\n")
    status, output, errors = command(*ACCEPTED[:-1])
    assert (status, errors) == (0, "")
    assert output.count("Do you accept this license? [y/N]") == 1
    assert output.index("License: CC BY-NC") < output.index("Do you accept")


@pytest.mark.parametrize("answer", ["\n", "n\n", "yet\n", ""])
def test_the_license_is_not_accepted(publisher, command, terminal, tmp_path, answer):
    terminal(answer)
    status, _, errors = command(*ACCEPTED[:-1])
    assert status == 2 and errors.count("\n") == 1
    assert "The license was not accepted; nothing was downloaded." in errors
    assert not publisher.asked and not list(tmp_path.iterdir())


def test_nobody_can_be_asked(publisher, command, tmp_path):
    status, output, errors = command(*ACCEPTED[:-1])
    assert (status, output) == (2, "") and errors.count("\n") == 1
    for part in ("NAVER", "CC BY-NC 4.0", "Add --accept_license to accept it."):
        assert part in errors
    assert not publisher.asked and not list(tmp_path.iterdir())


def test_load_model(publisher):
    with pytest.raises(InputError) as refused:
        stargan_tf.load_model("official/afhq")
    message = str(refused.value)
    for part in ("NAVER", "CC BY-NC 4.0", "accept_license=True"):
        assert part in message
    assert "\n" not in message and not publisher.asked

    model = stargan_tf.load_model("official/afhq", accept_license=True)
    assert model.info.domains == ("cat", "dog", "wild")
    image = np.zeros((64, 64, 3), np.uint8)
    assert model.translate([image], "dog", seed=1).shape == (1, 64, 64, 3)
    folder = model_folder("official/afhq", accept_license=True)
    assert folder.parent == publisher.cache / "official/afhq"
    before = (folder / "import.json").stat().st_mtime_ns
    assert model_folder("official/afhq", accept_license=True) == folder
    assert (folder / "import.json").stat().st_mtime_ns == before
    assert len(publisher.asked) == 1


# urllib leaves the connection open when it is cut.
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.parametrize(
    ("trouble", "message"),
    [
        ("missing", "404 -- Not Found"),
        ("cut", "got only"),
        ("page", "is not a checkpoint. Expected a torch file (.ckpt, .pt, .pth), .npz"),
        ("empty", "is not a checkpoint"),
        ("half", "is damaged or incomplete"),
        ("another", "labels. Received: 3 names, cat, dog, wild"),
        ("two domains", "2 names of labels. Received: 3 names, cat, dog, wild"),
        ("unknown", "is not a checkpoint of yunjey/stargan or clovaai/stargan-v2"),
    ],
)
def test_a_failed_download_is_one_line_and_leaves_nothing(
    publisher, command, tmp_path, trouble, message
):
    if trouble == "missing":
        del publisher.answers["afhq"]
    elif trouble == "cut":
        publisher.publish("afhq", averages(1), missing=100)
    elif trouble == "half":
        content = publisher.answers["afhq"][1]
        publisher.publish("afhq", content[: len(content) // 2])
    else:
        content = {
            "page": PAGE,
            "empty": b"",
            "another": v1_states()[0],
            "two domains": averages(3, domains=2),
            "unknown": {"conv1.weight": np.zeros((2, 3, 7, 7), np.float32)},
        }[trouble]
        publisher.publish("afhq", content)
    status, output, errors = command(*ACCEPTED)
    assert status == 2 and errors.count("\n") == 1 and len(output.splitlines()) == 3
    assert message in errors
    assert f"{publisher.address}/afhq/{FILE}" in errors and ".unfinished" not in errors
    assert errors.endswith("stargan-tf import FILE --preset afhq --output DIR'.\n")
    assert not kept(publisher.cache) and not (tmp_path / "model").exists()


def test_code_in_the_answer_does_not_run(publisher, command, tmp_path):
    torch = pytest.importorskip("torch")

    class Code:
        def __reduce__(self):
            return open, (str(tmp_path / "proof"), "w")

    torch.save({"generator": Code()}, tmp_path / "evil.ckpt")
    publisher.publish("afhq", (tmp_path / "evil.ckpt").read_bytes())
    status, _, errors = command(*ACCEPTED)
    assert status == 2 and errors.count("\n") == 1
    assert "it contains code in addition to weights" in errors
    assert not kept(publisher.cache) and not (tmp_path / "proof").exists()


def test_an_interrupted_download_leaves_nothing(publisher, monkeypatch):
    def interrupted(origin, file_hash, cache_dir, cache_subdir):
        (cache_dir / FILE).write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(keras.utils, "get_file", interrupted)
    with pytest.raises(KeyboardInterrupt):
        stargan_tf.load_model("official/afhq", accept_license=True)
    assert not kept(publisher.cache)


def afhq():
    """The published file, from the cache or the server."""
    return fetch(published("official/afhq"))[0]


@pytest.mark.filterwarnings("default:official/afhq differs from an earlier download")
def test_a_changed_file_is_told_once(publisher, command):
    afhq()
    record = publisher.cache / "official_sha256/afhq"
    first = record.read_text()[:16]
    assert command("cache", "official", "--clear")[0] == 0
    assert kept(publisher.cache) == ["official_sha256/afhq"]
    publisher.publish("afhq", averages(9, domains=3))
    status, _, errors = command(*ACCEPTED)
    second = record.read_text()[:16]
    assert status == 0 and errors.count("\n") == 1
    assert "official/afhq differs from an earlier download" in errors
    assert f"was {first}… and is now {second}…" in errors
    status, _, errors = command(*ACCEPTED, "--overwrite")
    assert (status, errors) == (0, "")
    assert len(publisher.asked) == 2


def test_a_changed_file_makes_another_model(publisher):
    folder = model_folder("official/afhq", accept_license=True)
    afhq().unlink()
    publisher.publish("afhq", averages(9, domains=3))
    with pytest.warns(UserWarning, match="differs from an earlier download"):
        other = model_folder("official/afhq", accept_license=True)
    assert other != folder and other.exists() and not folder.exists()


def test_a_file_damaged_in_the_cache_is_fetched_again(publisher):
    file = afhq()
    whole = file.read_bytes()
    file.write_bytes(whole[:-100])
    assert afhq() == file
    assert file.read_bytes() == whole and len(publisher.asked) == 2


@pytest.mark.parametrize("content", [None, b"", b"\xff\x00", b"5d8e", bytes(2000)])
def test_a_record_that_cannot_be_read_is_written_again(publisher, content):
    afhq()
    record = publisher.cache / "official_sha256/afhq"
    sound = record.read_bytes()
    if content is None:
        record.unlink()
    else:
        record.write_bytes(content)
    afhq()
    assert record.read_bytes() == sound and len(publisher.asked) == 1


def test_without_pytorch_nothing_is_fetched(publisher, command, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    status, _, errors = command(*ACCEPTED)
    assert status == 2 and errors.count("\n") == 1 and "stargan_tf[convert]" in errors
    assert not publisher.asked


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["import", "official/afhk"],
            "published model. Received: official/afhk. Did you mean off",
        ),
        (
            ["import", "official/afhq", "G.ckpt"],
            "must be imported alone. Received: official",
        ),
        (["import", "gone.ckpt"], "--accept_license is for official/NAME. Drop it."),
    ],
)
def test_names_that_cannot_be_imported(publisher, command, arguments, message):
    flags = ("--accept_license", "--output", "model")
    status, output, errors = command(*arguments, *flags)
    assert (status, output) == (2, "")
    assert message in errors and errors.count("\n") == 1
    assert not publisher.asked


def test_the_landmark_network_comes_by_name_too(publisher):
    publisher.publish("wing", {"state_dict": state_dict()})
    network = stargan_tf.load_model("official/wing", accept_license=True)
    assert type(network) is LandmarkNetwork
    np.testing.assert_array_equal(network.find(images()), ARRAYS["landmarks"])


@pytest.mark.parametrize("name", ["official/afhq", "official/afhk"])
def test_other_commands_name_the_import(publisher, command, name):
    arguments = ("translate", "--model", name, "--to", "cat", "a.png")
    status, _, errors = command(*arguments, "--output", "b.png")
    assert status == 2 and errors.count("\n") == 1
    assert f"Run 'stargan-tf import {name} --output DIR', and pass DIR." in errors


def test_a_file_or_folder_of_that_name_is_stronger(publisher, command, tmp_path):
    (tmp_path / "official/afhq").mkdir(parents=True)
    with pytest.raises(InputError, match="official/afhq is not a model folder"):
        stargan_tf.load_model("official/afhq", accept_license=True)
    errors = command("import", "official/afhq", "--output", "model")[2]
    assert "The checkpoint file official/afhq does not exist." in errors
    assert not publisher.asked


def test_what_is_published():
    found = [one for code in official_codes().values() for one in code.published]
    assert {one.name for one in found} >= {"celeba_hq", "afhq", "wing"}
    assert len({one.name for one in found}) == len({one.url for one in found})
    for one in found:
        assert one.url.startswith("https://") and one.terms.startswith("https://")
        assert one.preset is None or one.preset in PRESETS
