"""`stargan-tf serve`: what cannot be served, and a server as a process."""

import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager

import pytest

from stargan_tf.cli.main import main
from stargan_tf.serving.client import Client
from stargan_tf.serving.retries import Retries
from tests.serving.toy import write_toy


def error_line(capfd, *arguments):
    assert main(["serve", *map(str, arguments)]) == 2
    out, err = capfd.readouterr()
    assert not out
    (line,) = err.splitlines()
    return line


def test_what_cannot_be_served_is_one_line(capfd, tmp_path):
    assert "Name one folder. Received: none" in error_line(capfd)
    assert "There is no folder" in error_line(capfd, tmp_path / "none")
    assert "stargan-tf export" in error_line(capfd, tmp_path, "--port", "0")
    (tmp_path / "1").mkdir()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        line = error_line(capfd, tmp_path, "--port", port)
    assert "port is in use" in line
    (tmp_path / "batching").write_text("nothing")
    flags = ("--batching_config", tmp_path / "batching")
    assert "max_batch_size" in error_line(capfd, tmp_path, "--port", "0", *flags)


def test_the_help_says_what_production_is(capsys):
    main(["serve", "--help"])
    assert "Production is TF Serving itself" in capsys.readouterr().out


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served") / "toy"
    write_toy(folder, 1)
    return folder


@contextmanager
def started(folder, port):
    """A server process and where it listens; killed at the end if it still runs."""
    command = [sys.executable, "-m", "stargan_tf.cli.main", "serve", str(folder)]
    path = os.pathsep.join(p for p in sys.path if p)
    with subprocess.Popen(
        [*command, "--port", str(port)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": path},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_a_killed_server_comes_back_while_the_client_retries(folder):
    with started(folder, 0) as first:
        line = first.stdout.readline()
        assert line.startswith("Serving toy, version 1, at 127.0.0.1:")
        assert "TF Serving" in first.stdout.readline()
        port = int(line.rpartition(":")[2])
        patient = Retries(seconds=90)
        client = Client(f"127.0.0.1:{port}", "toy", timeout=120, retries=patient)
        assert client.status() == {1: "AVAILABLE"}
    with started(folder, port) as second, client:
        # Asked before TensorFlow can have started.
        assert client.status() == {1: "AVAILABLE"}
        second.send_signal(signal.SIGTERM)
        out, _ = second.communicate(timeout=60)
    assert second.returncode == 0
    assert out.splitlines()[-1] == "Finishing requests."
