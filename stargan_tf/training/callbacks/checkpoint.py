"""A checkpoint at the end of each epoch."""

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np

from stargan_tf.training import checkpoints
from stargan_tf.training.callbacks.stop_on_nan import diverged
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
        """Saves, unless a weight is no number."""
        step = int(self.model.step.numpy())
        # The loss of the last step was finite, but its update may not have been.
        for variable in self.model.trainable_variables:
            if not np.all(np.isfinite(variable.numpy())):
                raise diverged(f"the weight {variable.path} is not finite", step)
        checkpoints.save(self.folder, self.model, self.describe(step), self.keep)
