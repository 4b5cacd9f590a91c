"""Training with the masks of a landmark network."""

import json
from functools import partialmethod

import keras
import numpy as np
import pytest
from PIL import Image

from stargan_tf.errors import InputError
from stargan_tf.faces.opening import mask_provider
from stargan_tf.faces.providers import NetworkProvider
from stargan_tf.models.stargan_v2.model import StarGANV2
from stargan_tf.training.config import resolve
from stargan_tf.training.run import train
from stargan_tf.training.run_folder import LANDMARKS_FILE, load_model
from tests.faces.landmark_golden import sparse_network

TINY = {
    "family": "stargan_v2",
    "dataset": "folder",
    "image_size": 64,
    "base_filters": 2,
    "max_filters": 4,
    "style_dim": 4,
    "latent_dim": 3,
    "hidden_dim": 5,
    "batch_size": 2,
    "steps": 1,
    "sample_every": 100,
    "high_pass": 1,
    "held_out": 0.2,
    "crop_probability": 0,
}


@pytest.fixture
def options(tmp_path):
    """Of a run on eight photos and a landmark network, in the current folder."""
    rng = np.random.default_rng(0)
    for number in range(8):
        pixels = rng.integers(0, 255, (64, 64, 3), np.uint8)
        file = tmp_path / "photos" / "ab"[number % 2] / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(file)
    (tmp_path / "models/landmarks").mkdir(parents=True)
    sparse_network().save(tmp_path / "models/landmarks" / LANDMARKS_FILE)
    return {**TINY, "data_dir": str(tmp_path / "photos")}


def test_the_run_keeps_the_network_and_needs_nothing_else(
    tmp_path, options, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    eager = partialmethod(keras.Model.compile, run_eagerly=True)
    monkeypatch.setattr(keras.Model, "compile", eager)
    seen = []
    generate = StarGANV2._generator_terms
    monkeypatch.setattr(
        StarGANV2,
        "_generator_terms",
        lambda model, batch, *rest: seen.append(batch) or generate(model, batch, *rest),
    )
    config = resolve({**options, "mask_provider": "models/landmarks"})
    train(config, tmp_path / "run")
    # The masks that came with the images are those of the images, or mirrored.
    (batch, _) = seen
    find = sparse_network().masks
    for masks, image in zip(batch.masks, batch.image.numpy(), strict=True):
        found = np.concatenate(
            [find(image[None]), find(image[None, :, ::-1])[:, :, ::-1]]
        )
        error = np.abs(masks - found).mean((1, 2, 3))
        assert error.min() < 0.01 < error.max()
    recorded = json.loads((tmp_path / "run/config.json").read_text())
    assert recorded["mask_provider"] == str(tmp_path / "models/landmarks")
    (tmp_path / "models").rename(tmp_path / "gone")
    for place in ("run", "preset"):
        model = load_model(tmp_path / place)
        assert isinstance(model.mask_provider, NetworkProvider)
        image = np.zeros((1, 64, 64, 3), np.float32)
        np.testing.assert_allclose(
            model.mask_provider(image), sparse_network().masks(image), atol=1e-3
        )
        model.save_to_preset(tmp_path / "preset")


def test_a_model_lends_its_landmark_network(tmp_path):
    model = StarGANV2(domains=["a", "b"], image_size=64, base_filters=2, high_pass=1.0)
    model.set_mask_provider(NetworkProvider(sparse_network(), "wing"))
    model.save_to_preset(tmp_path / "model")
    provider = mask_provider(str(tmp_path / "model"))
    assert provider.version == model.mask_provider.version


def test_a_provider_that_is_not_there_is_one_line(options):
    with pytest.raises(InputError, match="no landmark provider 'models/landmark'"):
        resolve({**options, "mask_provider": "models/landmark"})


def test_a_provider_without_use_is_one_line(options):
    with pytest.raises(InputError, match="mask_provider is for models with high-pass"):
        resolve({**options, "high_pass": 0, "mask_provider": "json:loads"})
