"""examples/camera.py in a process of its own, as a user runs it."""

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "saved_models"


@pytest.fixture
def run(tmp_path):
    """Runs the example where neither TensorFlow nor stargan_tf can be imported."""
    for name in ("tensorflow", "stargan_tf"):
        (tmp_path / f"{name}.py").write_text("raise ImportError")

    def start(*arguments):
        return subprocess.run(
            [sys.executable, ROOT / "examples/camera.py", *map(str, arguments)],
            env=os.environ | {"PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )

    return start


@pytest.fixture
def faces(tmp_path):
    """An image sequence as OpenCV reads it: a gray ramp, wider than high."""
    ramp = np.linspace(60, 200, 96).astype(np.uint8)
    image = np.broadcast_to(ramp[None, :, None], (64, 96, 3))
    for number in range(4):
        cv2.imwrite(str(tmp_path / f"face_{number}.png"), image)
    return tmp_path / "face_%d.png"


def frames(path):
    video = cv2.VideoCapture(str(path))
    while True:
        arrived, frame = video.read()
        if not arrived:
            return
        yield frame.astype(np.float32)


@pytest.mark.parametrize(
    ("model", "domain", "size", "seen"),
    [
        # The centered square of the ramp, and all of it, squeezed.
        ("toon_attributes", "Blond_Hair", 128, np.linspace(60, 200, 96)[16:80]),
        ("toon_people", "child", 128, np.linspace(60, 200, 96)),
    ],
)
def test_a_sequence_becomes_a_video(run, faces, tmp_path, model, domain, size, seen):
    output = tmp_path / "out.mp4"
    folder = MODELS / model / "litert"
    flags = ("--source", faces, "--output", output, "--count", 3)
    done = run("--model", folder, "--to", domain, *flags)
    assert (done.returncode, done.stdout) == (0, "3 images\n"), done.stderr
    images = list(frames(output))
    assert len(images) == 3
    before, after = np.hsplit(images[0], 2)
    assert before.shape == after.shape == (size, size, 3)
    seen = np.linspace(seen[0], seen[-1], size)
    # But for what the codec loses.
    assert abs(before.mean(axis=(0, 2)) - seen).max() < 12
    assert abs(after - before).mean() > 5


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--to", "Green_Hair"), "'Blond_Hair'"),
        (("--to", "Male", "--source", "gone.mp4"), "gone.mp4 cannot be opened"),
    ],
)
def test_what_does_not_fit(run, flags, message):
    done = run("--model", MODELS / "toon_attributes/litert", *flags)
    assert done.returncode and message in done.stderr
