"""Models saved at commit 7dd6173 load and give the numbers they gave then."""

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import stargan_tf

SAVED = Path(__file__).parent / "saved"
# Float32 sums depend on the processor in their last digits.
CLOSE = {"rtol": 1e-4, "atol": 1e-5}


@pytest.fixture(scope="module")
def expected():
    with np.load(SAVED / "expected.npz") as arrays:
        return dict(arrays)


def floats(images):
    return images.astype("float32") / 127.5 - 1


def test_run_of_stargan_translates_and_classifies_as_before(expected):
    model = stargan_tf.load_model(SAVED / "stargan")
    images = floats(expected["stargan_images"])
    translated = model.translate(images, expected["stargan_labels"])
    np.testing.assert_allclose(translated, expected["stargan_translated"], **CLOSE)
    classified = model.classify(images)
    np.testing.assert_allclose(classified, expected["stargan_classified"], **CLOSE)


def test_run_of_stargan_v2_translates_as_before(expected):
    model = stargan_tf.load_model(SAVED / "stargan_v2")
    images = floats(expected["stargan_v2_images"])
    by_latents = model.translate(
        images, domain=[0, 1], latents=expected["stargan_v2_latents"]
    )
    by_references = model.translate(images, domain=[0, 1], references=images[::-1])
    np.testing.assert_allclose(
        by_latents, expected["stargan_v2_translated_latents"], **CLOSE
    )
    np.testing.assert_allclose(
        by_references, expected["stargan_v2_translated_references"], **CLOSE
    )


def test_keras_file_continues_training_as_before(expected):
    assert stargan_tf.StarGAN  # Registers the class with Keras.
    model = keras.models.load_model(SAVED / "script.keras")
    batch = expected["script_images"], expected["stargan_labels"]
    dataset = tf.data.Dataset.from_tensors(batch)
    logs = model.fit(dataset, verbose=0, shuffle=False).history
    before = zip(
        expected["script_next_names"], expected["script_next_logs"], strict=True
    )
    for name, value in before:
        assert logs[str(name)][0] == pytest.approx(value, rel=1e-3, abs=1e-5), name
    np.testing.assert_allclose(
        model.translate(*batch), expected["script_translated_after"], atol=3e-3
    )


def test_exported_model_translates_as_before(expected):
    served = tf.saved_model.load(str(SAVED / "saved_model" / "1"))
    translated = served.signatures["translate_float"](
        images=tf.constant(floats(expected["stargan_images"])),
        labels=tf.constant(expected["stargan_labels"]),
    )
    np.testing.assert_allclose(
        translated["images"], expected["stargan_translated"], **CLOSE
    )
