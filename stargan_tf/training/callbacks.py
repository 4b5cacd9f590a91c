"""The Keras callbacks that only a run has: log, checkpoints, and stop on a signal."""

import time
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np

from stargan_tf import interruption
from stargan_tf.callbacks import StepCallback, TrainingDiverged
from stargan_tf.training import checkpoints
from stargan_tf.training.checkpoints import State
from stargan_tf.training.metric_log import MetricLog


def _check_weights(model: keras.Model, step: int) -> None:
    """Refuses weights that must not become a checkpoint, naming the first."""
    for variable in model.trainable_variables:
        if not np.all(np.isfinite(variable.numpy())):
            raise TrainingDiverged(f"the weight {variable.path} is not finite", step)


class LogMetrics(StepCallback):
    """Writes the means of each `every` steps.

    Args:
        log: where to; None to write nothing.
        every: steps per line.
        batch_size: images per step, for the speed.
    """

    def __init__(self, log: MetricLog | None, every: int, batch_size: int):
        super().__init__()
        self.log = log
        self.every = every
        self.batch_size = batch_size

    def on_epoch_begin(self, epoch, logs=None):
        """Starts the clock: what happens between epochs is not training."""
        super().on_epoch_begin(epoch, logs)
        self._restart_clock()

    def on_train_batch_begin(self, batch, logs=None):
        """Starts new means after a line: it stands for its own steps only.

        (Not at once when the line is written: Keras reads the means once more if
        the epoch ends there.)
        """
        if self.step % self.every == 0:
            self.model.reset_metrics()

    def on_step(self, logs):
        """Writes if the interval is over."""
        if self.step % self.every:
            return
        idle = {"loss", *self._without_values()}  # `loss` is for Keras' callbacks.
        values = {n: float(value) for n, value in logs.items() if n not in idle}
        values["images_per_second"] = self._speed()
        if self.log:
            self.log.write(self.step, values)
        self._restart_clock()

    def _without_values(self) -> set[str]:
        """Means of nothing, such as the generator's losses where only D learned.

        Keras reports them as 0.
        """
        return {
            metric.name
            for metric in getattr(self.model, "metrics", ())
            if isinstance(metric, keras.metrics.Mean)
            # Of several workers, each holds its own part of the count.
            and float(keras.ops.add(metric.count, 0)) == 0
        }

    def _restart_clock(self) -> None:
        self._since = (self.step, time.perf_counter())

    def _speed(self) -> float:
        step, moment = self._since
        seconds = time.perf_counter() - moment
        return round((self.step - step) * self.batch_size / seconds, 1)


class Stopped(Exception):
    """A signal asked the process to stop; the checkpoint of this step is written."""

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
        """Saves the model in training at its step, unless that was done already.

        Raises:
            TrainingDiverged: if a weight is not finite.
        """
        step = int(model.step.numpy())
        if step == self.saved_step:
            return
        # The loss of the last step was finite, but its update may not have been.
        _check_weights(model, step)
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
        """Saves and raises `Stopped` if a worker has received a signal."""
        number = self.agreed(interruption.received())
        if number:
            interruption.agree_on(number)
            if self.save:
                self.save.save(model)
            raise Stopped(int(model.step.numpy()))
