"""A StarGAN small enough to train in a test."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.framework.config import disable_op_determinism

from stargan_tf.data.info import DatasetInfo
from stargan_tf.models.stargan.model import StarGAN

HAIR = DatasetInfo("hair", ("Black", "Blond", "Male"), "binary", 16)
MOOD = DatasetInfo("mood", ("happy", "sad"), "one_hot", 16)


def tiny(datasets=HAIR, **kwargs):
    return StarGAN(
        datasets,
        base_filters=2,
        num_residual_blocks=1,
        discriminator_filters=4,
        discriminator_layers=2,
        **kwargs,
    )


@pytest.fixture
def batch():
    rng = np.random.default_rng(0)
    image = rng.uniform(-1, 1, (4, 16, 16, 3)).astype(np.float32)
    return image, rng.integers(0, 2, (4, 3)).astype(np.float32)


@pytest.fixture
def float64():
    """Leaves rounding out, and with it on which side of a kink an element falls."""
    before = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_floatx(before[0])
    keras.config.set_dtype_policy(before[1])


@pytest.fixture
def deterministic():
    """Sums in a fixed order, as with `--deterministic`: equal runs give equal bits."""
    tf.config.experimental.enable_op_determinism()
    yield
    disable_op_determinism()
