"""High-pass skips through the command line: masks come from a user's own module."""

import os
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from stargan_tf.cli.main import main
from tests.training.conftest import EAGER, PLUGIN, PREPARED, TINY_V2, ToyRun

# Keras 3 on NumPy 2.4, whenever a variable is saved.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't")

ROOT = Path(__file__).parents[2]
SIZE = 64
MASKS = '''
import tensorflow as tf


def bright(images):
    """What is bright in the red channel, in both masks."""
    mask = tf.cast(images[..., :1] > 0, tf.float32)
    return tf.repeat(mask, 2, axis=-1)


def nothing(images):
    return tf.zeros_like(images[..., :2])


def thin(images):
    return images[..., 0]
'''


class Place:
    """A trained run, pictures, and the folder of the user's module."""

    def __init__(self, folder):
        self.folder = folder
        self.masks = folder / "masks"
        self.masks.mkdir()
        (self.masks / "toy_masks.py").write_text(MASKS)
        self.run = ToyRun(folder / "run", PREPARED)
        rng = np.random.default_rng(0)
        for name in ("photo.png", "other.png"):
            pixels = rng.integers(0, 255, (SIZE, SIZE, 3), np.uint8)
            Image.fromarray(pixels).save(folder / name)

    def train(self, *flags):
        path = os.pathsep.join(map(str, (ROOT, PLUGIN, self.masks)))
        return self.run.finish(*flags, PYTHONPATH=path, **EAGER)

    def pixels(self, name):
        with Image.open(self.folder / name) as image:
            return np.asarray(image.convert("RGB")).astype(int)

    def model(self):
        from stargan_tf import load_model

        return load_model(self.run.folder, trust_code=True)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    place = Place(tmp_path_factory.mktemp("high_pass"))
    high_pass = ["--high_pass=1", "--mask_provider=toy_masks:bright"]
    status, _, errors = place.train(*TINY_V2, *high_pass, "--steps=2")
    assert status == 0, errors
    return place


@pytest.fixture
def command(place, monkeypatch, capsys):
    """Runs a command beside the images: arguments → (exit status, errors)."""
    monkeypatch.chdir(place.folder)
    for folder in (place.masks, PLUGIN):
        monkeypatch.syspath_prepend(folder)

    def run(*arguments):
        return main([*map(str, arguments)]), capsys.readouterr().err

    return run


@pytest.fixture
def translate(place, command):
    return partial(command, "translate", "--model", place.run.folder)


@pytest.fixture
def train(place, command):
    return partial(command, "train", f"--run={place.run.folder}")


@pytest.fixture
def model(place, monkeypatch):
    """The trained model, opened where its module is found."""
    monkeypatch.syspath_prepend(place.masks)
    return place.model()


def nearly(received, expected):
    assert np.abs(received - expected).max() <= 1


def test_pictures_of_the_training_are_drawn_with_masks(place, model):
    from stargan_tf.data.registry import load_dataset
    from stargan_tf.models.stargan_v2.watch import pick_styles
    from stargan_tf.steering.styles import latent_grid

    sys.path.append(str(PLUGIN))
    try:
        held_out = load_dataset("toy_moods", "held_out", SIZE)
    finally:
        sys.path.remove(str(PLUGIN))
    images = pick_styles(held_out)[0].images
    drawn = place.pixels("run/samples/step_00000002_latents.png")
    nearly(drawn, np.asarray(latent_grid(model, images, range(4))).astype(int))
    model.set_mask_provider(lambda images: np.zeros((*images.shape[:3], 2), "float32"))
    without = np.asarray(latent_grid(model, images, range(4))).astype(int)
    assert np.abs(drawn - without).max() > 3


def test_every_way_to_translate_takes_the_masks_of_the_run(place, translate, model):
    photo = place.pixels("photo.png").astype(np.uint8)[None]
    other = place.pixels("other.png").astype(np.uint8)[None]
    to = ["--to=Red", "photo.png"]
    reference = ["--reference=other.png", *to]
    for flags in (
        ["--seed=7", *to, "--output=latent.png"],
        [*reference, "--output=reference.png", "--save_style=style.npz"],
        ["--style_file=style.npz", "photo.png", "--output=style.png"],
        ["--video", "--output=video.webp", "--frames=2", *to],
    ):
        assert translate(*flags, "--trust_code") == (0, "")
    by_latent = model.translate(photo, "Red", seed=7)[0].astype(int)
    by_reference = model.translate(photo, "Red", references=other)[0].astype(int)
    nearly(place.pixels("latent.png"), by_latent)
    nearly(place.pixels("reference.png"), by_reference)
    nearly(place.pixels("style.png"), by_reference)
    with Image.open(place.folder / "video.webp") as video:
        assert (video.n_frames, video.size) == (2, (SIZE, SIZE))


def test_another_provider_takes_the_place_of_the_run_s(place, translate, model):
    photo = place.pixels("photo.png").astype(np.uint8)[None]
    flags = ["--to=Red", "--seed=7", "photo.png"]
    nothing = "--mask_provider=toy_masks:nothing"
    assert translate(*flags, nothing, "--output=nothing.png") == (0, "")
    with_masks = model.translate(photo, "Red", seed=7)[0].astype(int)
    model.set_mask_provider(lambda images: np.zeros((*images.shape[:3], 2), "float32"))
    nearly(
        place.pixels("nothing.png"),
        model.translate(photo, "Red", seed=7)[0].astype(int),
    )
    assert np.abs(place.pixels("nothing.png") - with_masks).max() > 3


def test_a_module_that_is_gone_is_one_line(place, translate, monkeypatch):
    elsewhere = [folder for folder in sys.path if folder != str(place.masks)]
    monkeypatch.setattr(sys, "path", elsewhere)
    monkeypatch.delitem(sys.modules, "toy_masks", raising=False)
    flags = ["--to=Red", "photo.png", "--output=gone.png", "--trust_code"]
    status, errors = translate(*flags)
    assert status == 2 and errors.count("\n") == 1
    assert "mask_provider toy_masks:bright cannot be imported: No module" in errors
    assert "PYTHONPATH, or pass another mask_provider" in errors
    assert not (place.folder / "gone.png").exists()


def test_the_run_goes_on_and_refuses_other_masks(place, train):
    status, output, errors = place.train("--steps=3", "--trust_code")
    assert status == 0, errors
    assert "Resuming from step 2" in output
    status, errors = train("--steps=4")
    assert status == 2 and errors.count("\n") == 1
    assert "config.json names code to run: mask_provider=toy_masks:bright" in errors
    status, errors = train("--mask_provider=toy_masks:nothing")
    assert status == 2 and errors.count("\n") == 1
    assert "--mask_provider was toy_masks:bright, now toy_masks:nothing" in errors


def test_masks_of_another_shape_are_one_line(command, tmp_path):
    high_pass = ["--high_pass=1", "--mask_provider=toy_masks:thin"]
    flags = [*TINY_V2, "--nodeterministic", *high_pass, f"--run={tmp_path / 'thin'}"]
    status, errors = command("train", *flags)
    assert status == 2 and "Traceback" not in errors
    assert "return shape ('batch', 64, 64, 2). Received: shape (2, 64, 64)" in errors
