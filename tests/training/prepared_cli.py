"""`stargan-tf`, in a process that was prepared first; run by tests as a module.

TEST_LOGICAL_CPUS=N: the CPU counts as N devices, as several GPUs would.
TEST_SMALL=1: StarGAN v2 takes 16 pixels, and TensorFlow does not spend more time on
making graphs faster than a few steps take.
TEST_EAGER=1: steps without a graph, which takes as long to make as dozens of them.
"""

import os
import sys
from functools import partialmethod

import keras
import tensorflow as tf

from stargan_tf.cli.main import main
from stargan_tf.models import stargan_v2

if "TEST_LOGICAL_CPUS" in os.environ:
    cpu = tf.config.list_physical_devices("CPU")[0]
    count = int(os.environ["TEST_LOGICAL_CPUS"])
    devices = [tf.config.LogicalDeviceConfiguration()] * count
    tf.config.set_logical_device_configuration(cpu, devices)
if "TEST_SMALL" in os.environ:
    stargan_v2.SMALLEST_IMAGE = 16
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
if "TEST_EAGER" in os.environ:
    keras.Model.compile = partialmethod(keras.Model.compile, run_eagerly=True)

sys.exit(main())
