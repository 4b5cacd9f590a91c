"""Trains on one and on two logical CPUs; run by test_distributed.py as a process.

Argument: the file to write, with the logs, the pool and the seen images of both.
"""

import contextlib
import sys

import keras
import numpy as np
import tensorflow as tf
from stargan_tf_cyclegan.model import CycleGAN

from stargan_tf.plugin import DatasetInfo

cpu = tf.config.list_physical_devices("CPU")[0]
devices = [tf.config.LogicalDeviceConfiguration()] * 2
tf.config.set_logical_device_configuration(cpu, devices)
# Half of the time would go into making faster graphs for three steps.
tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})

info = DatasetInfo("pair", ("horse", "zebra"), "one_hot", 16)
images = np.random.default_rng(0).uniform(-1, 1, (2, 12, 16, 16, 3)).astype(np.float32)
results = {}
for name, strategy in (
    ("one", None),
    ("two", tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])),
):
    keras.utils.set_random_seed(0)
    with strategy.scope() if strategy else contextlib.nullcontext():
        model = CycleGAN(
            info,
            base_filters=2,
            num_residual_blocks=1,
            discriminator_filters=2,
            discriminator_layers=1,
            pool_size=6,
        )
        model.compile()
    batches = tf.data.Dataset.from_tensor_slices(tuple(images))
    history = model.fit(batches.batch(4, drop_remainder=True), verbose=0).history
    results[f"{name}_logs"] = [history[key][0] for key in sorted(history)]
    results[f"{name}_pool"] = model.first_pool.numpy()
    results[f"{name}_counts"] = [model.pooled.numpy(), model.step.numpy()]
np.savez(sys.argv[1], **results)
