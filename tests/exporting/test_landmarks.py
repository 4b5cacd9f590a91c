"""Exports of StarGAN v2 whose masks a landmark network makes."""

import json

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from stargan_tf.cli.main import main
from stargan_tf.data.pictures import to_float
from stargan_tf.exporting.agreement import random_images
from stargan_tf.exporting.litert import convert
from stargan_tf.exporting.litert_file import signatures
from stargan_tf.faces.providers import NetworkProvider
from stargan_tf.models.stargan_v2.litert import MASKS, litert_model
from stargan_tf.serving.client import Client
from stargan_tf.serving.dev_server import DevServer
from stargan_tf.training.run_folder import LANDMARKS_FILE, load_model
from tests.exporting.asking import compare
from tests.exporting.tiny import ANIMALS, exported, style_model
from tests.faces.landmark_golden import sparse_network

SIZE = ANIMALS.image_size


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("faces")
    sparse_network().save(folder / LANDMARKS_FILE)
    return folder


@pytest.fixture(scope="module")
def export(folder):
    """(the Keras model, its SavedModel's folder, how they agree)."""
    return exported(folder, style_model(high_pass=1.0), "stargan_v2")


def test_a_client_sends_images_only(folder, export):
    _, version, agreement = export
    model = load_model(folder)
    assert isinstance(model.mask_provider, NetworkProvider)
    served = tf.saved_model.load(str(version)).signatures
    images = random_images(ANIMALS, 2).images
    styles = np.ones((2, model.style_dim), np.float32)
    sent = {"images": tf.constant(images), "styles": tf.constant(styles)}
    received = served["synthesize"](**sent)["images"].numpy()
    expected = model.translate(images, styles=styles)
    assert np.abs(received.astype(int) - expected).max() <= 1
    # Those who bring masks still can; without any, the skips are closed.
    nothing = np.zeros((2, SIZE, SIZE, 2), np.float32)
    with_masks = served["synthesize_with_masks"](**sent, masks=tf.constant(nothing))
    closed = model.translate(images, styles=styles, masks=nothing)
    assert np.abs(with_masks["images"].numpy().astype(int) - closed).max() <= 1
    assert np.abs(expected.astype(int) - closed).max() > 1
    assert {"translate_latent_encoded", "translate_latent_with_masks_encoded"} < set(
        served
    )
    assert agreement["synthesize"].psnr > 40


def test_a_server_takes_images_only(folder, export, tmp_path):
    pixels = random_images(ANIMALS, 1).images
    photo, output = tmp_path / "photo.png", tmp_path / "output.png"
    Image.fromarray(pixels[0]).save(photo)
    expected = load_model(folder).translate(pixels, "dog", seed=7)[0].astype(int)
    server = DevServer(export[1].parent, port=0)
    server.start()
    try:
        with Client(server.address, "tiny") as client:
            (received,) = client.translate([photo], "dog", seeds=7)
        command = f"translate --server {server.address} --model tiny --to dog --seed 7"
        assert main([*command.split(), str(photo), "--output", str(output)]) == 0
    finally:
        server.stop(0)
    assert np.abs(received - expected).max() <= 1
    with Image.open(output) as image:
        assert np.abs(np.asarray(image) - expected).max() <= 1


def test_the_export_says_that_it_needs_no_masks(export):
    _, version, _ = export
    description = json.loads((version / "assets.extra/model.json").read_text())
    assert description["needs_masks"] is False


def test_a_third_litert_file_finds_the_masks(folder, export, animal_pictures):
    model = litert_model(load_model(folder))
    assert [file.role for file in model.files] == ["generator", "style", "landmarks"]
    content = convert(model.files[2], "none", "float32")
    inputs = signatures(content)["find_masks"]["inputs"]
    assert inputs["images"]["shape"] == [1, SIZE, SIZE, 3]
    found = compare(model.files[2], content, "float32", animal_pictures.first(2))
    assert MASKS.allows(found["find_masks"])
    masks = model.files[2].signatures[0].keras(to_float(animal_pictures.images[:2]))
    assert 0.01 < masks.mean() < 0.99
