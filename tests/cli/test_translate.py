"""`stargan-tf translate`, by subprocess with a real model; bad input without one."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from stargan_tf.cli.main import main
from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.labels import LabelSpace
from stargan_tf.training import checkpoints

# Keras 3 on NumPy 2.4, whenever a variable is saved.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't")

ROOT = Path(__file__).parents[2]
HAIR = ("Black_Hair", "Blond_Hair", "Brown_Hair")
FACES = DatasetInfo("faces", (*HAIR, "Male"), "binary", 16, (HAIR,))
MOODS = DatasetInfo("moods", ("happy", "sad"), "one_hot", 16)


def save(model, run, *datasets):
    datasets = LabelSpace(datasets).to_list()
    state = checkpoints.State(3, "stargan", datasets, [1] * len(datasets), {})
    checkpoints.save(run / "checkpoints", model, state, keep=1)
    return run


@pytest.fixture(scope="module")
def joint_run(tmp_path_factory):
    """The run folder of a tiny joint model."""
    from stargan_tf.models.stargan.model import StarGAN

    model = StarGAN(
        [FACES, MOODS],
        base_filters=4,
        num_residual_blocks=1,
        discriminator_filters=4,
        discriminator_layers=2,
    )
    model.compile()
    return save(model, tmp_path_factory.mktemp("run"), FACES, MOODS)


@pytest.fixture
def hollow_run(tmp_path):
    """A run folder whose model is never opened: the user's mistake comes first."""

    class Hollow:
        def save(self, path):
            path.write_bytes(b"")

    return save(Hollow(), tmp_path / "run", FACES, MOODS)


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    (folder / "sub").mkdir(parents=True)
    rng = np.random.default_rng(0)
    for name, shape in (("a.png", (40, 60, 3)), ("sub/b.jpg", (32, 32, 3))):
        pixels = rng.integers(0, 255, shape, np.uint8)
        Image.fromarray(pixels).save(folder / name)
    return folder


def run(*arguments):
    """Runs `stargan-tf translate` as a user does."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": "-1"}
    command = [sys.executable, "-m", "stargan_tf.cli.main", "translate"]
    return subprocess.run(
        [*command, *map(str, arguments)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def size(path):
    with Image.open(path) as image:
        return image.size


def files(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.*"))


@pytest.mark.parametrize("multiple", [None, 8])
def test_whole_images_need_a_model_of_any_size(
    joint_run, photos, tmp_path, monkeypatch, capsys, multiple
):
    from stargan_tf.models.stargan.model import StarGAN

    monkeypatch.setattr(StarGAN, "side_multiple", multiple, raising=False)
    flags = ["--to=happy", "--fit=keep", f"--output={tmp_path / 'out'}"]
    command = ["translate", f"--model={joint_run}", *flags, str(photos)]
    assert main(command) == 2
    assert "Received: --fit keep. Use --fit crop" in capsys.readouterr().err


def test_a_folder_keeps_its_names(joint_run, photos, tmp_path):
    out = tmp_path / "out"
    done = run("--model", joint_run, "--to", "Blond_Hair,Male", photos, "--output", out)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"Wrote 2 images to {out}\n"
    assert files(out) == ["a.png", "manifest.jsonl", "sub/b.jpg"]
    assert size(out / "a.png") == size(out / "sub" / "b.jpg") == (16, 16)


def test_whole_pictures_at_their_own_size(joint_run, photos, tmp_path):
    out = tmp_path / "out.webp"
    arguments = ["--to", "happy", "--mask", "faces", "--fit=keep", "--size=original"]
    done = run("--model", joint_run, photos / "a.png", *arguments, "--output", out)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"Wrote {out}\n"
    assert size(out) == (60, 40)


def test_grid_of_everything_but_the_unreadable(joint_run, photos, tmp_path):
    (photos / "empty.png").write_bytes(b"")
    out = tmp_path / "grids"
    checkpoint = joint_run / "checkpoints" / "step_00000003"
    done = run("--model", checkpoint, "--all", photos, "--output", out)
    assert done.returncode == 2
    (summary,) = done.stderr.splitlines()
    start = "stargan-tf: 1 of 3 images could not be read. The first: "
    assert summary.startswith(start) and "empty.png: the file is empty" in summary
    assert done.stdout == f"Wrote {out / 'grid.png'}\n"
    width, height = size(out / "grid.png")
    assert width > 7 * 112 and 2 * 112 < height < 3 * 112


OUT = ["--output", "OUT"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--to", "Male", "PHOTOS", "--output", "OUT"],
            "are required: --model",
        ),
        (["--model", "RUN", "--to", "Male", "PHOTOS"], "--output is missing"),
        (["--model", "RUN", "PHOTOS", "--output", "OUT"], "either --to"),
        (
            ["--model", "RUN", "--to", "Male", "--all", "PHOTOS", "--output", "OUT"],
            "either --to",
        ),
        (["--model", "RUN", "--to", "Male", "--output", "OUT"], "No INPUT"),
        (
            ["--model", "RUN", "--to", "Male", "gone.png", "--output", "OUT"],
            "There is no input 'gone.png'",
        ),
        (
            ["--model", "RUN", "--to", "Male", "EMPTY", "--output", "OUT"],
            "contains no image",
        ),
        (
            ["--model", "gone", "--to", "Male", "PHOTOS", "--output", "OUT"],
            "no model gone",
        ),
        (
            ["--model", "PHOTOS", "--to", "Male", "PHOTOS", "--output", "OUT"],
            "not a model folder",
        ),
        (
            ["--model", "RUN", "--to", "Mail", "PHOTOS", "--output", "OUT"],
            "Did you mean Male",
        ),
        (
            ["--model", "RUN", "--to", "happy,sad", "PHOTOS", "--output", "OUT"],
            "exclude each other",
        ),
        (
            ["--model", "RUN", "--to", "happy,Male", "PHOTOS", "--output", "OUT"],
            "a single data set",
        ),
        (
            ["--model", "RUN", "--from=sad", "--to=Male", "PHOTOS", "--output", "OUT"],
            "--from of 'moods', --to of 'faces'",
        ),
        (
            ["--model", "RUN", "--all", "PHOTOS", "--output", "OUT", "--batch_size=0"],
            "--batch_size",
        ),
        (
            ["--model", "RUN", "--all", "--mask", "mood", "PHOTOS", "--output", "OUT"],
            "Did you mean moods",
        ),
        (
            ["--model", "RUN", "--all", "--size=original", "PHOTOS", "--output", "OUT"],
            "Received: --size original. Use --to",
        ),
        (
            ["--model", "RUN", "--all", "--fit=bend", "PHOTOS", "--output", "OUT"],
            "invalid choice: 'bend'",
        ),
        (
            ["--model=RUN", "--all", "--fit=keep", "--crop_size=9", "PHOTOS", *OUT],
            "crop_size and fit='keep' exclude each other",
        ),
        (
            ["--model", "RUN", "--to", "Male", "PHOTOS", "--output", "PHOTOS"],
            "must be another folder than the input folder",
        ),
        (
            ["--model", "RUN", "--to", "Male", "PHOTOS", "--output", "OUT.png"],
            "must be a folder for 2 images",
        ),
        (
            ["--model", "RUN", "--all", "PHOTOS", "--output", "PHOTOS/a.png/below"],
            "is a file, not a folder",
        ),
    ],
)
def test_bad_input_is_one_line_before_anything_is_written(
    hollow_run, photos, tmp_path, capsys, arguments, message
):
    (tmp_path / "empty").mkdir()
    places = {
        "RUN": hollow_run,
        "PHOTOS": photos,
        "OUT": tmp_path / "out",
        "EMPTY": tmp_path / "empty",
    }
    for word, place in places.items():
        arguments = [text.replace(word, str(place)) for text in arguments]
    before = files(tmp_path)
    assert main(["translate", *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert files(tmp_path) == before


def test_all_of_very_many_domains_is_refused_in_one_line(photos, tmp_path, capsys):
    class Hollow:
        def save(self, path):
            path.write_bytes(b"")

    many = DatasetInfo("many", tuple(f"d{i}" for i in range(201)), "one_hot", 64)
    folder = save(Hollow(), tmp_path / "many", many)
    command = ["--model", str(folder), "--all", str(photos), "--output", "out.png"]
    assert main(["translate", *command]) == 2
    error = capsys.readouterr().err
    assert "At most 200 targets" in error and error.count("\n") == 1


def test_bad_input_does_not_wait_for_tensorflow():
    code = (
        "import sys; from stargan_tf.cli.main import main; "
        "main(['translate', '--help']); "
        "print([m for m in ('tensorflow', 'keras', 'numpy') if m in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"
