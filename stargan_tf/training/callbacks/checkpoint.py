"""A checkpoint at the end of each epoch."""

from collections.abc import Callable
from pathlib import Path

import keras

from stargan_tf.training import checkpoints
from stargan_tf.training.checkpoints import State


class SaveCheckpoint(keras.callbacks.Callback):
    """Saves the whole model, optimizers included, when an epoch ends.

    Args:
        folder: the run's `checkpoints/`.
        describe: step → what to write into the state file.
        keep: how many checkpoints remain.
    """

    def __init__(self, folder: Path, describe: Callable[[int], State], keep: int):
        super().__init__()
        self.folder = folder
        self.describe = describe
        self.keep = keep

    def on_epoch_end(self, epoch, logs=None):
        """Saves; `StopOnNaN`, which stands before it, has looked at the weights."""
        step = int(self.model.step.numpy())
        checkpoints.save(self.folder, self.model, self.describe(step), self.keep)
