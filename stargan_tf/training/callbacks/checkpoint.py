"""Checkpoints at intervals, at the end, and when the process is asked to stop."""

from collections.abc import Callable
from pathlib import Path

import keras

from stargan_tf import interruption
from stargan_tf.training import checkpoints
from stargan_tf.training.callbacks.step_callback import StepCallback
from stargan_tf.training.callbacks.stop_on_nan import check_weights
from stargan_tf.training.checkpoints import State


class Stopped(Exception):
    """A signal asked the process to stop; the checkpoint of this step is written.

    Args:
        step: the last step that was trained.
    """

    def __init__(self, step: int):
        super().__init__(f"stopped at step {step}")
        self.step = step


class SaveCheckpoint(StepCallback):
    """Saves the whole model, optimizers included, every `every` steps and at the end.

    Args:
        folder: the run's `checkpoints/`.
        describe: step → what to write into the state file.
        keep: how many checkpoints remain.
        every: steps from one checkpoint to the next.
        total_steps: length of the run.
        saved_step: the step of the checkpoint that was restored, if any.
    """

    def __init__(
        self,
        folder: Path,
        describe: Callable[[int], State],
        keep: int,
        every: int,
        total_steps: int,
        saved_step: int | None = None,
    ):
        super().__init__()
        self.folder, self.describe, self.keep = folder, describe, keep
        self.every, self.total_steps = every, total_steps
        self.saved_step = saved_step

    def on_step(self, logs):
        """Saves if it is time."""
        if self.step == self.total_steps or self.step % self.every == 0:
            self.save(self.model)

    def save(self, model: keras.Model) -> None:
        """Saves a model at its step, unless that was done already.

        Args:
            model: the model in training.

        Raises:
            TrainingDiverged: if a weight is not finite.
        """
        step = int(model.step.numpy())
        if step == self.saved_step:
            return
        # The loss of the last step was finite, but its update may not have been.
        check_weights(model, step)
        checkpoints.save(self.folder, model, self.describe(step), self.keep)
        self.saved_step = step


class StopOnSignal(StepCallback):
    """Ends the training after the step in which a signal arrived, with a checkpoint.

    It stands last: what a step writes is then complete.

    Args:
        save: what saves, or None in a worker that writes nothing.
        agreed: this worker's signal, 0 for none → the highest of all workers'.
    """

    def __init__(self, save: SaveCheckpoint | None, agreed: Callable[[int], int] = int):
        super().__init__()
        self.save, self.agreed = save, agreed

    def on_step(self, logs):
        """Stops if there was a signal."""
        self.stop_if_asked(self.model)

    def stop_if_asked(self, model: keras.Model) -> None:
        """Saves and raises `Stopped` if a worker has received a signal.

        Args:
            model: the model in training.
        """
        number = self.agreed(interruption.received())
        if number:
            interruption.agree_on(number)
            if self.save:
                self.save.save(model)
            raise Stopped(int(model.step.numpy()))
