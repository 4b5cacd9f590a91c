"""Small models, and their LiteRT files."""

import json

import keras
import pytest

from stargan_tf.data.info import DatasetInfo
from stargan_tf.exporting.agreement import random_images
from stargan_tf.exporting.litert import KerasOutputs, convert
from stargan_tf.models.stargan import litert as form_v1
from stargan_tf.models.stargan_v2 import litert as form_v2
from stargan_tf.models.stargan_v2.model import StarGANV2
from stargan_tf.training import checkpoints
from stargan_tf.training.checkpoints import State
from stargan_tf.training.config import resolve
from tests.models.conftest import HAIR, tiny

PEOPLE = DatasetInfo("people", ("man", "woman", "child"), "one_hot", 64)


def compare(part, content, input_type, pictures):
    """Signature → how a file agrees with Keras."""
    return KerasOutputs(part, input_type, pictures).compare(content)


def tiny_v2(**kwargs):
    sizes = {"style_dim": 4, "latent_dim": 3, "hidden_dim": 5}
    keras.utils.set_random_seed(1)
    return StarGANV2(PEOPLE, base_filters=2, max_filters=4, **sizes, **kwargs)


@pytest.fixture(scope="session")
def hair_pictures():
    return random_images(HAIR, 3)


@pytest.fixture(scope="session")
def people_pictures():
    return random_images(PEOPLE, 3)


@pytest.fixture(scope="session")
def v1():
    """The one file of a StarGAN, not yet converted."""
    return form_v1.device_form(tiny()).parts[0]


@pytest.fixture(scope="session")
def v2():
    """The form of a StarGAN v2."""
    return form_v2.device_form(tiny_v2())


@pytest.fixture(scope="session")
def v1_content(v1):
    return convert(v1, "none", "float32")


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
