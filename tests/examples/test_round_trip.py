"""`examples/round_trip.sh`: a model passes from scripts to commands and back."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

SCRIPT = Path(__file__).parents[2] / "examples" / "round_trip.sh"


@pytest.fixture
def programs(tmp_path):
    """A PATH on which `python` and `stargan-tf` are this interpreter's."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, arguments in (("python", ""), ("stargan-tf", "-m stargan_tf.cli.main")):
        program = folder / name
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments} "$@"\n')
        program.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")
def test_every_step_opens_what_the_one_before_it_wrote(tmp_path, programs):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    place = tmp_path / "place"
    place.mkdir()
    variables = {"PATH": programs, "STEPS": "2", "PORT": port}
    variables["STARGAN_TF_CACHE"] = str(tmp_path / "cache")
    done = subprocess.run(
        ["bash", str(SCRIPT), str(place)],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    assert "cycle" in done.stdout
    for name in ("held_out/held_out_000001.blond.png", "male.png"):
        with Image.open(place / name) as image:
            assert image.size == (64, 64)
    assert (place / "runs/faces/config.json").exists()
