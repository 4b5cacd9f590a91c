"""`stargan-tf translate --server`: the same pictures as with the model at hand."""

import subprocess
import sys
from contextlib import contextmanager

import numpy as np
import pytest
from PIL import Image

from stargan_tf.cli.main import main
from stargan_tf.serving.dev_server import DevServer
from tests.exporting.tiny import exported, joint_model, style_model

MASKS = "def masks(images):\n    return abs(images[..., :2])\n"


@contextmanager
def served(folder, model, family):
    """(the folder of the Keras model, the address of a server with its export)."""
    version = exported(folder, model, family, check=False)[1]
    server = DevServer(version.parent, port=0)
    server.start()
    yield folder, server.address
    server.stop(0)


@pytest.fixture(scope="module")
def labels(tmp_path_factory):
    with served(tmp_path_factory.mktemp("v1"), joint_model(), "stargan") as source:
        yield source


@pytest.fixture(scope="module")
def styles(tmp_path_factory):
    model = style_model(high_pass=1.0)
    with served(tmp_path_factory.mktemp("v2"), model, "stargan_v2") as source:
        yield source


@pytest.fixture
def faces(tmp_path, monkeypatch):
    """Pictures that are no squares, in the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "served_masks.py").write_text(MASKS)
    (tmp_path / "in").mkdir()
    for seed in range(10):  # more than a batch of the server's
        rng = np.random.default_rng(seed)
        small = rng.integers(0, 256, (9, 7, 3), dtype=np.uint8)
        large = Image.fromarray(small).resize((70, 90), Image.Resampling.BICUBIC)
        large.save(f"in/{seed}.png")
    return tmp_path


def translate(source, output, *flags):
    run, server = source
    local = ("--model", str(run))
    there = ("--model", "tiny", "--server", server)
    for name, model in (("local", local), ("served", there)):
        arguments = ["translate", *model, *flags, "in", "--output", f"{name}{output}"]
        assert main(arguments) == 0


def pictures(folder, name):
    files = sorted(folder.glob(f"{name}*/**/*.png")) or [folder / f"{name}.png"]
    return [np.asarray(Image.open(file)).astype(int) for file in files]


def check_equal(folder):
    ours, theirs = (pictures(folder, name) for name in ("local", "served"))
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        # What is rounded may fall on the other side.
        assert np.abs(one - other).max() <= 1
        assert one.std() > 1


@pytest.mark.parametrize(
    ("output", "flags"),
    [
        ("", ("--to", "Blond")),
        ("", ("--to", "happy", "--size", "original")),
        (".png", ("--all",)),
    ],
)
def test_by_labels(labels, faces, output, flags):
    translate(labels, output, *flags)
    check_equal(faces)


@pytest.mark.parametrize(
    ("output", "flags"),
    [
        ("", ("--to", "cat", "--seed", "3", "--truncation", "0.5")),
        ("", ("--to", "dog", "--reference", "in/0.png")),
        (".png", ("--all", "--styles", "1")),
    ],
)
def test_by_styles(styles, faces, output, flags):
    translate(styles, output, *flags, "--mask_provider", "served_masks:masks")
    check_equal(faces)


def test_styles_are_kept_and_used(styles, faces):
    there = ["translate", "--model", "tiny", "--server", styles[1]]
    made = ["--to", "cat", "--seed", "1", "--save_style", "cat.npz"]
    assert main([*there, *made]) == 0
    masks = ["--mask_provider", "served_masks:masks"]
    for name, style in (
        ("local", ["--style_file", "cat.npz"]),
        ("served", ["--to", "cat", "--seed", "1"]),
    ):
        assert main([*there, *style, *masks, "in", "--output", name]) == 0
    check_equal(faces)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--to", "Blnd"], "Did you mean Blond?"),
        (["--to", "Blond", "--seed", "1"], "--seed is for style models"),
        (["--to", "Blond", "--fit", "keep"], "takes images of 16 px"),
        (["--to", "Blond", "--model", "nope"], "NOT_FOUND: Servable not found"),
        (["--to", "Blond", "--server", "here"], "The server must be HOST:PORT"),
    ],
)
def test_mistakes_are_one_line(labels, faces, capsys, flags, message):
    there = ["translate", "--model", "tiny", "--server", labels[1]]
    assert main([*there, *flags, "in", "--output", "out"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line
    assert not list(faces.glob("out/*"))


def test_a_model_with_masks_says_what_it_needs(styles, faces, capsys):
    there = ["translate", "--model", "tiny", "--server", styles[1]]
    assert main([*there, "--to", "cat", "in", "--output", "out"]) == 2
    assert "Pass --mask_provider NAME" in capsys.readouterr().err


def test_a_timeout_needs_a_server(capsys, labels):
    flags = ["--model", str(labels[0]), "--timeout", "3", "--to", "Blond"]
    assert main(["translate", *flags, "in", "--output", "out"]) == 2
    assert "--timeout is for --server" in capsys.readouterr().err


def test_tensorflow_is_not_started(labels, faces):
    arguments = ["translate", "--model", "tiny", "--server", labels[1]]
    arguments += ["--to", "Male", "in/0.png", "--output", "male.png"]
    code = (
        "import sys\n"
        "from stargan_tf.cli.main import main\n"
        f"assert main({arguments!r}) == 0\n"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert (faces / "male.png").exists()
