"""`stargan-tf translate --server`: the same pictures as with the model at hand."""

import numpy as np
import pytest
from PIL import Image

from stargan_tf.cli.main import main
from stargan_tf.serving.server import Server, ServerOptions

MASKS = "def masks(images):\n    return abs(images[..., :2])\n"


def served(exported):
    """(the folder of the Keras model, a running server)."""
    version = exported[1]
    server = Server(version.parent, ServerOptions(port=0))
    server.start()
    return version.parent.parent, server


@pytest.fixture(scope="module")
def labels(served_v1):
    run, server = served(served_v1)
    yield run, server.address
    server.stop(0)


@pytest.fixture(scope="module")
def styles(served_v2):
    run, server = served(served_v2)
    yield run, server.address
    server.stop(0)


@pytest.fixture
def faces(tmp_path, monkeypatch):
    """Pictures that are no squares, in the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "my_masks.py").write_text(MASKS)
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
    ],
)
def test_by_styles(styles, faces, output, flags):
    translate(styles, output, *flags, "--mask_provider", "my_masks:masks")
    check_equal(faces)
