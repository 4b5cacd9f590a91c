"""The command in a Python that has no TensorFlow, and what it refuses."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from stargan_tf.cli.main import main
from stargan_tf.demo.camera.sinks import WindowSink
from stargan_tf.errors import InputError
from stargan_tf.exporting.litert_file import Runner

# None in sys.modules makes every import of it fail.
WITHOUT = (
    "import sys\n"
    "for name in ('tensorflow', 'keras', 'cv2'): sys.modules[name] = None\n"
    "from stargan_tf.cli.main import main\n"
    "sys.exit(main())\n"
)


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    (tmp_path / "in").mkdir()
    for name in ("a", "b"):
        pixels = rng.integers(0, 256, (32, 32, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / "in" / f"{name}.png")
    return tmp_path / "in"


def test_it_runs_without_tensorflow_and_as_the_model_does(v1, folder, tmp_path):
    command = [sys.executable, "-c", WITHOUT, "demo", "camera", f"--model={v1.folder}"]
    command += [f"--source={folder}", "--to=Blond_Hair", f"--output={tmp_path / 'out'}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "2 pictures, " in done.stdout and " per second" in done.stdout
    runner = Runner(v1.files["generator"].read_bytes())
    label = np.float32([[0, 1, 0, 0, 0]])
    for name in ("a.png", "b.png"):
        pixels = np.asarray(Image.open(folder / name))
        inputs = {"images": v1.to_input(pixels), "labels": label}
        expected = v1.to_picture(runner.run("translate", inputs)["images"])
        written = np.asarray(Image.open(tmp_path / "out" / name)).astype(int)
        # Threads may sum in another order.
        assert np.abs(written - expected).max() <= 1


def test_a_count_ends_it(v2, folder, tmp_path):
    arguments = [f"--model={v2.folder}", f"--source={folder}", "--to=man", "--count=1"]
    assert main(["demo", "camera", *arguments, f"--output={tmp_path / 'out'}"]) == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.png"]


def test_sources_are_not_overwritten(v1, folder, capsys):
    arguments = [f"--model={v1.folder}", "--to=Young", f"--output={folder}"]
    assert main(["demo", "camera", *arguments, f"--source={folder}"]) == 2
    assert "nothing is overwritten" in capsys.readouterr().err


def test_without_a_screen_output_is_the_way(monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    if sys.platform in ("win32", "darwin"):
        pytest.skip("Tk needs no DISPLAY here")
    with pytest.raises(InputError, match="No window can be opened.*--output DIR"):
        WindowSink()
