"""Imports TensorFlow without the lines its C++ side prints at each start.

`TF_CPP_MIN_LOG_LEVEL` does not reach them: they are written before TensorFlow's log
is set up (seen with 2.21). So what goes to file descriptor 2 meanwhile is caught, and
all but the chatter is passed on.
"""

import os
import re

from stargan_tf.interruption import postponed
from stargan_tf.native_output import without_lines

LOG_LEVEL = "TF_CPP_MIN_LOG_LEVEL"
# Notes and warnings (I…, W…), the announcement before them, and the error of a GPU
# build that finds no driver: the usual case on a machine without a GPU.
CHATTER = re.compile(
    rb"[IW]\d{4} |WARNING: All log messages before absl::InitializeLog"
    rb"|E\d{4} .*(cuInit|Unable to register cu)"
)


def start_tensorflow() -> None:
    """Imports TensorFlow and Keras and looks for devices, quietly.

    Commands call it when they have checked their flags. A user who has set
    `TF_CPP_MIN_LOG_LEVEL` sees everything.
    """
    # Postponed: an exception in the middle of an import may be lost or leave half of
    # a module behind.
    with postponed():
        if LOG_LEVEL in os.environ:
            _import()
            return
        os.environ[LOG_LEVEL] = "2"
        with without_lines(CHATTER):
            _import()


def _import() -> None:
    # What the package is written for; ~/.keras/keras.json may say otherwise.
    os.environ["KERAS_BACKEND"] = "tensorflow"
    import keras
    import tensorflow as tf

    keras.config.set_floatx("float32")
    keras.config.set_epsilon(1e-7)
    keras.config.set_image_data_format("channels_last")

    tf.config.list_physical_devices()
    # It fails on the style encoder's graph (seen with 2.21), which prints an error at
    # the first picture and changes nothing; where it works it saves no measurable time.
    tf.config.optimizer.set_experimental_options({"remapping": False})
