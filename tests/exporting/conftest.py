"""Tiny models' exports, made once."""

import io
import json

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from stargan_tf.data.info import DatasetInfo
from stargan_tf.exporting import label_model as labels
from stargan_tf.exporting.agreement import random_images
from stargan_tf.exporting.litert import convert
from stargan_tf.models.stargan_v2 import litert as stargan_v2
from stargan_tf.training import checkpoints
from stargan_tf.training.checkpoints import State
from stargan_tf.training.config import resolve
from tests.exporting.tiny import ANIMALS, exported, joint_model, style_model
from tests.models.conftest import HAIR, tiny


@pytest.fixture(scope="session")
def served_v1(tmp_path_factory):
    """A joint model of two data sets, as a SavedModel."""
    return exported(tmp_path_factory.mktemp("v1"), joint_model(), "stargan")


@pytest.fixture(scope="session")
def served_v2(tmp_path_factory):
    """A model with high-pass skips, as a SavedModel."""
    model = style_model(high_pass=1.0)
    return exported(tmp_path_factory.mktemp("v2"), model, "stargan_v2")


@pytest.fixture(scope="session")
def v1(served_v1):
    """The joint model's SavedModel, loaded."""
    return tf.saved_model.load(str(served_v1[1]))


@pytest.fixture(scope="session")
def v2(served_v2):
    """The SavedModel of the model with high-pass skips, loaded."""
    return tf.saved_model.load(str(served_v2[1]))


@pytest.fixture
def picture():
    """picture(size=(w, h), mode="RGB", kind="PNG") → the file's bytes."""

    def make(size=(20, 24), mode="RGB", kind="PNG", seed=0):
        width, height = size
        channels = len(Image.new(mode, (1, 1)).getbands())
        pixels = np.random.default_rng(seed).integers(
            0, 256, (height, width, channels), dtype=np.uint8
        )
        image = Image.fromarray(pixels.squeeze(), mode if channels != 3 else None)
        file = io.BytesIO()
        image.save(file, kind)
        return file.getvalue()

    return make


@pytest.fixture(scope="session")
def hair_pictures():
    return random_images(HAIR, 3)


@pytest.fixture(scope="session")
def animal_pictures():
    return random_images(ANIMALS, 3)


@pytest.fixture(scope="session")
def generator_file():
    """The one LiteRT file of a StarGAN, not yet converted."""
    return labels.litert_model(tiny()).files[0]


@pytest.fixture(scope="session")
def generator_content(generator_file):
    return convert(generator_file, "none", "float32")


@pytest.fixture(scope="session")
def style_litert():
    """The LiteRT files of a StarGAN v2, not yet converted."""
    return stargan_v2.litert_model(style_model())


@pytest.fixture(scope="session")
def toon_run(tmp_path_factory):
    """(checkpoint, state) of an untrained run on drawn faces."""
    folder = tmp_path_factory.mktemp("litert") / "run"
    checkpoint = folder / "checkpoints" / "step_00000000"
    config = resolve({"dataset": "toon_attributes", "image_size": 32})
    info = DatasetInfo(
        "toon_attributes",
        ("Black_Hair", "Blond_Hair", "Brown_Hair", "Male", "Young"),
        "binary",
        32,
        (("Black_Hair", "Blond_Hair", "Brown_Hair"),),
    )
    state = State(0, "stargan", [info.to_dict()], [1], {})
    checkpoint.parent.mkdir(parents=True)
    checkpoints.write(checkpoint, tiny(info), state)
    (folder / "config.json").write_text(json.dumps(config.to_dict()))
    return checkpoint, state
