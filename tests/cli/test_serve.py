"""`stargan-tf serve`: TF Serving where it is found, else the development server."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from stargan_tf.cli.main import main
from stargan_tf.serving import Client, ServingError
from tests.serving.toy import write_toy

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
        assert "toy, version 1, at 127.0.0.1:" in line
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
    assert out.splitlines()[-1] == "Finishing requests."


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
    assert f"Exporting {model} once" in done.stdout
    base_path = json.loads(record.read_text())[2].removeprefix("--model_base_path=")
    assert os.path.exists(f"{base_path}/1/saved_model.pb")
    assert os.path.basename(base_path) == "script"
    done = serve(model, "--port", "0", **changes)
    assert "Exporting" not in done.stdout and done.returncode == 7
