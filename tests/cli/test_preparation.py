"""Every way into a model prepares an image as its training did."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from stargan_tf.cli.command import CommandParser
from stargan_tf.cli.translate import TRANSLATE, make_fitting
from stargan_tf.data.options import Preparation
from stargan_tf.evaluation.job import DataChoice, open_evaluation_data
from stargan_tf.exporting.agreement import described_model
from stargan_tf.exporting.saved_model import image_formats
from stargan_tf.training.checkpoints import State
from stargan_tf.training.config import RunConfig, resolve
from stargan_tf.training.run import open_data
from stargan_tf.training.run_folder import find_checkpoint
from tests.translation.toy import pictures_of

SAVED = Path(__file__).parents[1] / "saved"
SIDE = 64


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """A folder of two domains whose images are 200 x 100 pixels, all alike."""
    folder = tmp_path_factory.mktemp("photos")
    ramp = np.linspace(0, 255, 200)[None, :, None]
    up = np.linspace(0, 255, 100)[:, None, None]
    pixels = np.concatenate([ramp + 0 * up, up + 0 * ramp, (ramp + up) / 2], axis=2)
    for domain in ("cat", "dog"):
        (folder / domain).mkdir()
        for number in range(12):
            path = folder / domain / f"{number}.png"
            Image.fromarray(pixels.astype(np.uint8)).save(path)
    return folder


def run_of(family, photos, crop_size=None) -> RunConfig:
    given = {"family": family, "dataset": "folder", "data_dir": str(photos)}
    return resolve({**given, "image_size": SIDE, "crop_size": crop_size})


def fitting(state, *arguments):
    command = ["--model", "m", *arguments]
    parsed = CommandParser("translate", TRANSLATE, command).parse()
    return make_fitting(parsed, state)


@pytest.mark.parametrize("family", ["stargan", "stargan_v2"])
@pytest.mark.parametrize("crop_size", [None, 80])
def test_training_translation_evaluation_and_export_agree(family, crop_size, photos):
    config = run_of(family, photos, crop_size)
    data = open_data(config)
    trained = data.train[0].load(0).astype(int)
    checkpoint, _ = find_checkpoint(SAVED / family)
    fit = "stretch" if family == "stargan_v2" else "crop"
    sets = data.label_space.to_list()
    state = State(1, family, sets, data.counts, {}, Preparation(fit, crop_size))
    path = photos / "cat" / "0.png"

    translated = fitting(state).read(path)[0].image
    assert np.abs(translated - trained).max() <= 1

    # The checkpoint lies in another run: the data is what the user names.
    where = {"data_dir": str(photos)}
    evaluated = open_evaluation_data(checkpoint, state, DataChoice("folder", where))
    assert np.abs(evaluated.held_out.load(0) - trained).max() <= 1

    exported = image_formats(data.label_space.datasets[0], described_model(state))[-1]
    floats = exported.to_float(tf.constant([path.read_bytes()]))[0]
    assert np.abs((floats + 1) * 127.5 - trained).max() <= 1.01


@pytest.mark.parametrize(
    ("family", "side", "fit"), [("stargan", 32, "crop"), ("stargan_v2", 64, "stretch")]
)
def test_a_checkpoint_of_before_translates_as_it_was_trained(family, side, fit):
    _, state = find_checkpoint(SAVED / family)
    used = fitting(state)
    assert (used.image_size, used.fit, used.crop_size) == (side, fit, None)


def test_what_the_user_says_is_stronger():
    state = State(
        1, "stargan", [pictures_of(32).to_dict()], [1], {}, Preparation("crop", 80)
    )
    assert fitting(state).crop_size == 80
    whole = fitting(state, "--fit", "keep")
    assert (whole.fit, whole.crop_size) == ("keep", None)
    assert fitting(state, "--crop_size", "60").crop_size == 60


def test_a_shipped_model_of_faces_stretches(photos):
    _, state = find_checkpoint(Path("toon_people"))
    fitted = fitting(state).read(photos / "cat" / "0.png")[0]
    assert fitted.box == (0, 0, 200, 100)
