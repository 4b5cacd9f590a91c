import errno
import zipfile

import keras
import numpy as np
import pytest

from stargan_tf.training.saved_weights import load_weights


@pytest.fixture
def trained(tmp_path):
    """A model after an update, and its file."""
    model = made(seed=1)
    model.fit(np.ones((4, 3)), np.ones((4, 1)), verbose=0)
    model.save(tmp_path / "model.keras")
    return model, tmp_path / "model.keras"


def made(seed):
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    model.optimizer.build(model.trainable_variables)
    return model


def assert_equal(model, other):
    pairs = zip(
        [*model.weights, *model.optimizer.variables],
        [*other.weights, *other.optimizer.variables],
        strict=True,
    )
    for one, two in pairs:
        np.testing.assert_array_equal(one.numpy(), two.numpy())


def test_weights_and_moments_are_loaded(trained):
    model, file = trained
    other = made(seed=2)
    load_weights(other, file)
    assert_equal(model, other)


def test_without_room_for_the_copy_keras_reads_the_archive(trained, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    model, file = trained
    monkeypatch.setattr(zipfile.ZipFile, "extract", full)
    other = made(seed=2)
    load_weights(other, file)
    assert_equal(model, other)
