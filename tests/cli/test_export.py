"""`stargan-tf import`, `export`, `serve`, and `demo`, as a user calls them."""

import io
import json
import os
import signal
import socket
import stat
import subprocess
import sys
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from stargan_tf.cli.export import _model_folder
from stargan_tf.cli.main import main
from stargan_tf.serving import Client, ServingError
from tests.convert.conftest import flat, v1_states, v2_states
from tests.serving.toy import write_toy

ROOT = Path(__file__).parents[2]
LEGACY_TORCH = b"\x80\x02\x8a\nl\xfc\x9cF\xf9"


def run(*arguments):
    """Runs a command: (exit status, output, errors).

    In processes of their own: tests/examples/test_round_trip.py.
    """
    output, errors = io.StringIO(), io.StringIO()
    with redirect_stdout(output), redirect_stderr(errors):
        status = main([*map(str, arguments)])
    return status, output.getvalue(), errors.getvalue()


@pytest.fixture
def files(tmp_path):
    """Name → path of checkpoints, good and bad."""
    generator, discriminator = v1_states()
    poisoned = {**generator, "main.0.weight": generator["main.0.weight"] * np.nan}
    averages = {k: v for k, v in v2_states().items() if k != "discriminator"}
    contents = {
        "1000-G": generator,
        "1000-D": discriminator,
        "nan": poisoned,
        "000500_nets_ema": flat(averages),
        "resnet": {"conv1.weight": np.zeros((2, 3, 7, 7)), "fc.bias": np.zeros(5)},
    }
    paths = {name: tmp_path / "in" / f"{name}.npz" for name in contents}
    (tmp_path / "in").mkdir()
    for name, arrays in contents.items():
        np.savez(paths[name], **arrays)
    paths["cut"] = tmp_path / "in/cut.npz"
    paths["cut"].write_bytes(paths["1000-D"].read_bytes()[:300])
    paths["page"] = tmp_path / "in/page.ckpt"
    paths["page"].write_text("<html>")
    paths["torch"] = tmp_path / "in/torch.ckpt"
    paths["torch"].write_bytes(LEGACY_TORCH)
    return paths


def test_v1_is_imported_translates_and_goes_back(files, tmp_path):
    model, picture = tmp_path / "model", tmp_path / "face.png"
    Image.fromarray(np.zeros((20, 20, 3), np.uint8)).save(picture)
    both = (files["1000-G"], files["1000-D"])
    names = ("--preset", "celeba", "--image-size=16")
    status, output, errors = run("import", *both, *names, "--output", model)
    assert (status, errors) == (0, "")
    lines = output.splitlines()
    assert lines[0] == (
        "A stargan model for 16 px of celeba (Black_Hair, Blond_Hair, Brown_Hair, "
        "Male, Young)."
    )
    assert lines[1] == "Not in the checkpoint, so newly initialized: the optimizers."
    assert f"stargan-tf train --init_from {model} " in lines[-1]

    target = ("--to", "Male", picture, "--output", tmp_path / "out.png")
    status, _, errors = run("translate", "--model", model, *target)
    assert (status, errors) == (0, "")
    assert (tmp_path / "out.png").exists()

    pytest.importorskip("torch")
    official = tmp_path / "official"
    flags = ("--model", model, "--format", "torch", "--output", official)
    status, output, errors = run("export", *flags)
    assert (status, errors) == (0, "")
    assert output.splitlines() == [
        f"Wrote {official / name}" for name in ("1000-D.ckpt", "1000-G.ckpt")
    ]
    status, _, errors = run("export", *flags)
    assert status == 2
    assert "exists already and 1 more. Choose another --output" in errors
    # Checkpoints of other steps stay.
    (official / "2000-G.ckpt").write_bytes(b"2000")
    assert run("export", *flags, "--overwrite")[0] == 0
    names = ["1000-D.ckpt", "1000-G.ckpt", "2000-G.ckpt"]
    assert sorted(path.name for path in official.iterdir()) == names


@pytest.mark.parametrize(
    ("names", "flags", "message"),
    [
        ([], [], "arguments are required: CHECKPOINT"),
        (["cut"], [], "is damaged or incomplete"),
        (["page"], [], "is not a checkpoint. Expected a torch file"),
        (["resnet"], [], "not a checkpoint of yunjey/stargan or clovaai/stargan-v2"),
        (["nan"], [], "with NaN or infinity in main.0.weight"),
        (["1000-G", "1000-G"], [], "both with a generator"),
        (["1000-D"], [], "Expected a generator. Received: only the discriminator"),
        (["1000-G", "000500_nets_ema"], [], "must belong to the same model"),
        (["1000-G", "1000-D"], ["--domains=a,b"], "labels. Received: 2 names"),
        (["1000-G", "1000-D"], ["--preset=afqh"], "Did you mean afhq"),
        (["000500_nets_ema"], ["--image_size=256"], "Received: --image_size 256"),
        (["000500_nets_ema"], ["--image_size=big"], "must be a whole number"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(
    files, tmp_path, names, flags, message
):
    paths = [files[name] for name in names]
    status, output, errors = run("import", *paths, *flags, "--output", tmp_path / "out")
    assert (status, output) == (2, "")
    assert message in errors
    assert errors.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_an_output_that_exists_is_left_alone(files, tmp_path):
    pair = (files["1000-G"], files["1000-D"])
    status, _, errors = run("import", *pair, "--output", tmp_path / "in")
    assert status == 2
    assert "exists already" in errors and errors.count("\n") == 1
    assert files["page"].read_text() == "<html>"
    errors = run("import", *pair)[2]
    assert "the following arguments are required: --output" in errors


def test_a_missing_extra_is_named(files, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    output = tmp_path / "out"
    status, _, errors = run("import", files["torch"], "--output", output)
    assert status == 2
    assert "pip install 'stargan_tf[convert]'" in errors and errors.count("\n") == 1
    assert not output.exists()


@pytest.mark.parametrize("is_zip", [True, False])
def test_code_in_a_checkpoint_does_not_run(tmp_path, is_zip):
    torch = pytest.importorskip("torch")

    class Code:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "proof"),)

    torch.save(
        {"main.0.weight": Code()},
        tmp_path / "evil.ckpt",
        _use_new_zipfile_serialization=is_zip,
    )
    output = tmp_path / "out"
    status, _, errors = run("import", tmp_path / "evil.ckpt", "--output", output)
    assert status == 2
    assert "is rejected" in errors and errors.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["evil.ckpt"]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--format=torch", "--output=out"], "arguments are required: --model"),
        (["--model=gone", "--output=out"], "arguments are required: --format"),
        (["--model=gone", "--format=torch", "--output=out"], "no model gone"),
        (
            ["--model=gone", "--format=touch", "--output=out"],
            "invalid choice: 'touch' (choose from",
        ),
        (["--model=gone", "--format=torch", "--output=out", "x"], "takes flags only"),
    ],
)
def test_bad_flags_of_export(flags, message):
    status, output, errors = run("export", *flags)
    assert (status, output) == (2, "")
    assert message in errors and errors.count("\n") == 1


# `stargan-tf serve`: TF Serving where it is found, else the development server.

SAVED = Path(__file__).parents[1] / "saved"
RECORDER = """#!{python}
import json, pathlib, sys
arguments = sys.argv[1:]
if arguments[:2] == ["image", "inspect"]:
    sys.exit({inspected})
pathlib.Path({record!r}).write_text(json.dumps(arguments))
print("served")
sys.exit(7)
"""


def error_line(capfd, *arguments):
    assert main(["serve", *map(str, arguments)]) == 2
    out, err = capfd.readouterr()
    assert not out
    (line,) = err.splitlines()
    return line


def test_what_cannot_be_served_is_one_line(capfd, tmp_path, monkeypatch):
    assert "the following arguments are required: --model" in error_line(capfd)
    free = ("--port", "0")
    line = error_line(capfd, "--model", tmp_path / "none", *free)
    assert "There is no model" in line
    line = error_line(capfd, "--model", tmp_path, *free)
    assert "is not a model folder" in line
    (tmp_path / "1").mkdir()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        line = error_line(capfd, "--model", tmp_path, "--port", port)
    assert "port is in use" in line
    assert "not this machine's" in error_line(
        capfd, "--model", tmp_path, "--host", "192.0.2.1"
    )
    monkeypatch.setenv("STARGAN_TF_MODEL_SERVER", "/nowhere/server")
    line = error_line(capfd, "--model", tmp_path, *free)
    assert "must name a program" in line and "/nowhere/server" in line


def test_the_help_names_the_three_servers(capsys):
    main(["serve", "--help"])
    shown = capsys.readouterr().out
    for name in ("tensorflow_model_server", "tensorflow/serving", "development server"):
        assert name in shown


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served") / "toy"
    write_toy(folder, 1)
    return folder


@pytest.fixture
def programs(tmp_path):
    """programs(name, inspected=0) → a program that records its arguments there."""
    (tmp_path / "bin").mkdir()

    def make(name, inspected=0):
        file, record = tmp_path / "bin" / name, tmp_path / f"{name}.json"
        text = RECORDER.format(
            python=sys.executable, inspected=inspected, record=str(record)
        )
        file.write_text(text)
        file.chmod(file.stat().st_mode | stat.S_IXUSR)
        return file, record

    return make


def command(*arguments):
    return [sys.executable, "-m", "stargan_tf.cli.main", "serve", *map(str, arguments)]


def environment(**changes):
    """Of a process that finds this package, and neither TF Serving nor Docker."""
    path = os.pathsep.join(p for p in sys.path if p)
    return os.environ | {"PYTHONPATH": path, "PATH": "/nowhere"} | changes


def serve(folder, *flags, **changes):
    return subprocess.run(
        command("--model", folder, *flags),
        env=environment(**changes),
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_installed_tf_serving_is_run(folder, programs):
    file, record = programs("tensorflow_model_server")
    programs("docker")
    done = serve(folder, "--port", "0", PATH=str(file.parent))
    port, *others = json.loads(record.read_text())
    assert others == ["--model_name=toy", f"--model_base_path={folder}"]
    assert int(port.removeprefix("--port=")) > 0
    # The program took the place of ours, with its output and its exit status.
    first, second = done.stdout.splitlines()
    assert first.startswith("Running TF Serving") and str(file) in first
    assert (second, done.returncode) == ("served", 7)


def test_tf_serving_where_a_variable_says(folder, programs):
    file, record = programs("another_name")
    serve(folder, "--port", "0", STARGAN_TF_MODEL_SERVER=str(file))
    assert "--model_name=toy" in json.loads(record.read_text())


def test_the_image_is_run_where_docker_has_it(folder, programs):
    file, record = programs("docker")
    done = serve(folder, "--port", "0", PATH=str(file.parent))
    run, *options, port, name, base_path = json.loads(record.read_text())
    assert run == "run"
    published = options[options.index("--publish") + 1].split(":")
    assert published[0] == "127.0.0.1" and int(published[1]) > 0
    assert published[2] == "8500" and port == "--port=8500"
    assert options[options.index("--volume") + 1] == f"{folder}:/models/toy:ro"
    assert options[-1] == "tensorflow/serving"
    assert name == "--model_name=toy" and base_path == "--model_base_path=/models/toy"
    assert "Running TF Serving (Docker's tensorflow/serving)" in done.stdout


@contextmanager
def started(folder, port, **changes):
    """A server process; killed at the end if it still runs."""
    with subprocess.Popen(
        command(folder, "--port", port),
        stdout=subprocess.PIPE,
        text=True,
        env=environment(**changes),
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_the_development_server_comes_back_while_the_client_retries(folder, programs):
    # Docker is there, its image is not.
    file, record = programs("docker", inspected=1)
    with started(folder, 0, PATH=str(file.parent)) as first:
        line = first.stdout.readline()
        assert line.startswith("Running the development server")
        assert "toy, version 1, on 127.0.0.1:" in line
        assert not record.exists()
        port = int(line.rpartition(":")[2])
        client = Client(f"127.0.0.1:{port}", "toy", timeout=120)
        assert client.status() == {1: "AVAILABLE"}
    with started(folder, port) as second, client:
        # Asked before TensorFlow can have started.
        assert patient_status(client) == {1: "AVAILABLE"}
        second.send_signal(signal.SIGTERM)
        out, _ = second.communicate(timeout=60)
    assert second.returncode == 0
    assert out.splitlines()[-1] == "Finishing open requests."


class DroppedServer:
    """A server during whose start the process is asked to end, in a finalizer."""

    name, version, address = "toy", 1, "127.0.0.1:1"
    stops = 0

    def __init__(self, *_):
        pass

    def __del__(self):
        if not DroppedServer.stops:
            signal.raise_signal(signal.SIGTERM)

    def start(self):
        DroppedServer()  # Its finalizer runs at once; Python drops what it raises.

    def stop(self):
        DroppedServer.stops += 1


def test_an_interrupt_that_python_drops_still_ends_the_server(
    folder, programs, monkeypatch, capsys
):
    file, _ = programs("docker", inspected=1)
    monkeypatch.setenv("PATH", str(file.parent))
    dropped = []
    monkeypatch.setattr(sys, "unraisablehook", dropped.append)
    monkeypatch.setattr("stargan_tf.serving.dev_server.DevServer", DroppedServer)
    assert main(["serve", "--model", str(folder), "--port", "0"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "Finishing open requests."
    assert (DroppedServer.stops, dropped[0].exc_type) == (1, KeyboardInterrupt)


def patient_status(client):
    """Asks again for a minute: on a busy machine TensorFlow starts slowly."""
    for _ in range(4):
        try:
            return client.status()
        except ServingError as error:
            assert error.code == "UNAVAILABLE"
    return client.status()


def test_a_model_is_exported_once(programs, tmp_path):
    file, record = programs("tensorflow_model_server")
    changes = {"PATH": str(file.parent), "STARGAN_TF_CACHE": str(tmp_path / "cache")}
    model = str(SAVED / "script.keras")
    done = serve(model, "--port", "0", **changes)
    assert f"Exporting {model} to the cache" in done.stdout
    base_path = json.loads(record.read_text())[2].removeprefix("--model_base_path=")
    assert os.path.exists(f"{base_path}/1/saved_model.pb")
    assert os.path.basename(base_path) == "script"
    done = serve(model, "--port", "0", **changes)
    assert "Exporting" not in done.stdout and done.returncode == 7


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "arguments are required: demo"),
        (["wep"], "invalid choice: 'wep' (choose from 'web')"),
        (["web", "--model=nowhere"], "There is no model nowhere"),
        (["web", "--to=x", "--model=nowhere"], "has no flag --to."),
        (["web", "--port=none"], "argument --port: must be a whole number"),
        # A flag's value is no demo.
        (["--output", "web", "web", "--port=0", "--model=nowhere"], "nowhere"),
    ],
)
def test_bad_usage_is_one_line(arguments, message, capsys):
    assert main(["demo", *arguments]) == 2
    printed = capsys.readouterr()
    assert message in printed.err and printed.err.count("\n") == 1


def test_any_model_is_exported_once(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("STARGAN_TF_CACHE", str(tmp_path))
    folder = _model_folder(str(SAVED / "script.keras"))
    assert (folder / "generator.tflite").is_file()
    assert folder.is_relative_to(tmp_path) and "Exporting" in capsys.readouterr().out
    assert _model_folder(str(SAVED / "script.keras")) == folder
    assert not capsys.readouterr().out
    assert _model_folder(str(folder)) == folder
