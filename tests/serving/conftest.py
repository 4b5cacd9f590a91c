"""Tiny exported models, made once, and a development server around a toy."""

import io

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from stargan_tf.data.info import DatasetInfo
from stargan_tf.exporting.saved_model import SavedModelOptions, export_saved_model
from stargan_tf.serving.client import Client
from stargan_tf.serving.dev_server import DevServer
from stargan_tf.training import checkpoints
from stargan_tf.training.run_folder import find_checkpoint
from tests.serving.toy import write_toy

HAIR = ("Black", "Blond")
FACES = DatasetInfo("faces", (*HAIR, "Male"), "binary", 16, (HAIR,))
MOODS = DatasetInfo("moods", ("happy", "sad"), "one_hot", 16)
ANIMALS = DatasetInfo("animals", ("cat", "dog", "fox"), "one_hot", 64)


def exported(folder, model, family):
    """(the Keras model, its SavedModel's folder, what was found about it)."""
    infos = model.label_space.to_list()
    state = checkpoints.State(7, family, infos, [0] * len(infos), {})
    checkpoints.save(folder / "checkpoints", model, state, keep=1)
    saved, state = find_checkpoint(folder)
    with pytest.warns(UserWarning, match="random images"):
        version, agreement = export_saved_model(
            saved, state, folder / "tiny", SavedModelOptions()
        )
    return model, version, agreement


def label_model(datasets=FACES, dtype="float32"):
    from stargan_tf.models.stargan.model import StarGAN

    return StarGAN(
        datasets,
        base_filters=2,
        num_residual_blocks=1,
        discriminator_filters=4,
        discriminator_layers=2,
        dtype=dtype,
    )


@pytest.fixture(scope="session")
def served_v1(tmp_path_factory):
    """A joint model of two data sets, as a SavedModel."""
    keras.utils.set_random_seed(1)
    folder = tmp_path_factory.mktemp("v1")
    return exported(folder, label_model([FACES, MOODS]), "stargan")


@pytest.fixture(scope="session")
def served_v2(tmp_path_factory):
    """A model with high-pass skips, as a SavedModel."""
    from stargan_tf.models.stargan_v2.model import StarGANV2

    # Some random networks of two filters have a channel that is nearly constant; the
    # norms would blow up its rounding errors.
    keras.utils.set_random_seed(1)
    model = StarGANV2(
        ANIMALS,
        style_dim=4,
        latent_dim=3,
        hidden_dim=5,
        base_filters=2,
        max_filters=4,
        high_pass=1.0,
    )
    # So that the averaged networks can be told from the others.
    for network in (model.generator_ema, model.style_encoder_ema):
        network.set_weights([1.1 * w for w in network.get_weights()])
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
    """picture(size=(w, h), mode="RGB", format="PNG") → (file's bytes, pixels)."""

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


@pytest.fixture(scope="module")
def toy_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served") / "toy"
    write_toy(folder, 1)
    return folder


@pytest.fixture(scope="module")
def server(toy_folder):
    running = DevServer(toy_folder, port=0)
    running.start()
    yield running
    running.stop(0)


@pytest.fixture
def client(server):
    with Client(server.address, "toy") as opened:
        yield opened
