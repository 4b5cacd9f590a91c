"""The official landmark network through the command line."""

import numpy as np
import pytest
from PIL import Image

from stargan_tf.serving.client import Client
from stargan_tf.serving.dev_server import DevServer
from tests.cli.test_export import run
from tests.convert.test_landmarks import averages, official_state, save


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    path = tmp_path_factory.mktemp("photos") / "photo.png"
    pixels = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def test_an_imported_model_needs_photos_only(tmp_path, photo):
    path = save(tmp_path / "100000_nets_ema.ckpt", averages(fan=official_state()))
    model, served = tmp_path / "model", tmp_path / "served/faces"
    status, text, errors = run("import", path, "--domains", "a,b", "--output", model)
    assert status == 0, errors
    assert "landmark network computes the masks" in text
    by_command, by_server = tmp_path / "by_command.png", tmp_path / "by_server.png"
    flags = ("--to", "b", "--seed", "7", photo, "--output")
    status, _, errors = run("translate", "--model", model, *flags, by_command)
    assert status == 0, errors
    flags_of_export = ("--format", "saved_model", "--nocheck", "--output", served)
    status, _, errors = run("export", "--model", model, *flags_of_export)
    assert status == 0, errors
    server = DevServer(served, port=0)
    server.start()
    try:
        with Client(server.address, "faces") as client:
            (received,) = client.translate([photo], "b", seeds=7)
        served_by = ("--server", server.address, "--model", "faces")
        status, _, errors = run("translate", *served_by, *flags, by_server)
        assert status == 0, errors
    finally:
        server.stop(0)
    with Image.open(by_command) as expected, Image.open(by_server) as other:
        expected = np.asarray(expected).astype(int)
        assert np.abs(received - expected).max() <= 1
        assert np.abs(np.asarray(other) - expected).max() <= 1


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
