"""The official landmark network through the command line."""

import numpy as np
import pytest
from PIL import Image

from stargan_tf import load_model
from tests.cli.test_export import run
from tests.convert.test_landmarks import averages, official_state, save


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    path = tmp_path_factory.mktemp("photos") / "photo.png"
    pixels = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def test_an_imported_model_needs_photos_only(tmp_path, photo):
    """Also in an export: tests/exporting/test_landmarks.py."""
    path = save(tmp_path / "100000_nets_ema.ckpt", averages(fan=official_state()))
    model, output = tmp_path / "model", tmp_path / "output.png"
    status, text, errors = run("import", path, "--domains", "a,b", "--output", model)
    assert status == 0, errors
    assert "landmark network computes the masks" in text
    flags = ("--to", "b", "--seed", "7", photo, "--output", output)
    status, _, errors = run("translate", "--model", model, *flags)
    assert status == 0, errors
    with Image.open(photo) as image, Image.open(output) as received:
        expected = load_model(model).translate(np.asarray(image)[None], "b", seed=7)[0]
        assert np.abs(np.asarray(received) - expected.astype(int)).max() <= 1


def test_a_landmark_network_translates_nothing(tmp_path, photo):
    path = save(tmp_path / "wing.ckpt", {"state_dict": official_state()})
    model = tmp_path / "landmarks"
    status, text, errors = run("import", path, "--output", model)
    assert status == 0, errors
    assert text.splitlines() == [
        f"A landmark network for faces: stargan_tf.load_model({str(model)!r})"
    ]
    flags = ("--model", model, photo, "--output", tmp_path / "out.png")
    status, text, errors = run("translate", *flags, "--to", "b")
    assert status == 2 and not text
    (line,) = errors.splitlines()
    assert line.endswith("Pass the folder of a run, or of another imported checkpoint.")


def test_masks_that_nothing_makes(tmp_path, photo):
    path = save(tmp_path / "100000_nets_ema.ckpt", averages())
    model = tmp_path / "model"
    status, text, errors = run("import", path, "--domains", "a,b", "--output", model)
    assert status == 0, errors
    assert "no landmark network" in text.splitlines()[-1]
    flags = ("--model", model, "--to", "b", photo, "--output", tmp_path / "out.png")
    status, text, errors = run("translate", *flags)
    assert status == 2 and not text
    (line,) = errors.splitlines()
    assert "--mask_provider" in line
