"""Trains on one and on two logical CPUs; run by test_mirrored.py as a process.

Argument: a folder for the arrays.
"""

import sys
from pathlib import Path

import numpy as np
import tensorflow as tf

from stargan_tf.distribution.strategies import make_strategy
from tests.distribution.tiny_models import WAYS, train

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
