"""Trains on one and on two logical CPUs; run by test_mirrored.py as a process.

Argument: a folder for the arrays.
"""

import sys
from pathlib import Path

import numpy as np
import tensorflow as tf

from stargan_tf.distribution.strategies import make_strategy
from tests.distribution.tiny_models import BATCH, WAYS, batches_v2, make_v2, train

folder = Path(sys.argv[1])
cpu = tf.config.list_physical_devices("CPU")[0]
devices = [tf.config.LogicalDeviceConfiguration()] * 2
tf.config.set_logical_device_configuration(cpu, devices)
# Half of the time would go into making faster graphs for ten steps.
tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
# One for all: TensorFlow numbers the messages of another from the start again.
two = make_strategy("mirrored")
for version in WAYS:
    np.savez(folder / f"{version}_one.npz", **train(version))
    np.savez(folder / f"{version}_two.npz", **train(version, two))

# Batches of a model with high-pass skips may lack the masks.
with two.scope():
    model = make_v2(high_pass=1.0)
data = tf.data.Dataset.from_tensor_slices(batches_v2(np.random.default_rng(0)))
(batch,) = two.experimental_distribute_dataset(data.batch(BATCH).take(1))
model._check_batch(batch)
