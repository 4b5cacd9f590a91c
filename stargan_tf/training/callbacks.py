"""Keras callbacks of a training run: log, checkpoints, and stop on a signal."""

import time
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np

from stargan_tf import interruption
from stargan_tf.callbacks import StepCallback, TrainingDiverged
from stargan_tf.native_output import note
from stargan_tf.progress import Interval
from stargan_tf.training import checkpoints
from stargan_tf.training.checkpoints import State
from stargan_tf.training.metric_log import MetricLog


def _check_weights(model: keras.Model, step: int) -> None:
    """Raises `TrainingDiverged` for the first weight that is not finite."""
    for variable in model.trainable_variables:
        if not np.all(np.isfinite(variable.numpy())):
            raise TrainingDiverged(f"the weight {variable.path} is not finite", step)


class LogMetrics(StepCallback):
    """Writes the mean of each metric every `every` steps, over the steps since.

    The means begin again with each epoch, which ends at a checkpoint.

    Args:
        log: the log to write; None to write nothing.
        every: steps per line.
        batch_size: images per step, for the speed.
    """

    def __init__(self, log: MetricLog | None, every: int, batch_size: int):
        super().__init__()
        self.log = log
        self.every = every
        self.batch_size = batch_size

    def on_epoch_begin(self, epoch, logs=None):
        """Starts the clock: time between epochs is not training time."""
        super().on_epoch_begin(epoch, logs)
        self._restart_clock()

    def on_train_batch_begin(self, batch, logs=None):
        """Resets the means after a line, so that each line covers its own steps.

        They are not reset as soon as the line is written, because Keras reads them
        once more if the epoch ends there.
        """
        if self.step % self.every == 0:
            self.model.reset_metrics()

    def on_step(self, logs):
        """Writes if the interval is over."""
        if self.step % self.every:
            return
        skipped = {"loss", *self._without_values()}  # `loss` is for Keras' callbacks.
        values = {n: float(value) for n, value in logs.items() if n not in skipped}
        values["images_per_second"] = self._speed()
        if self.log:
            self.log.write(self.step, values)
        self._restart_clock()

    def _without_values(self) -> set[str]:
        """Names of means without values, such as G's losses while only D learned.

        Keras reports them as 0.
        """
        return {
            metric.name
            for metric in getattr(self.model, "metrics", ())
            if isinstance(metric, keras.metrics.Mean)
            # With several workers, each holds a share of the count.
            and float(keras.ops.add(metric.count, 0)) == 0
        }

    def _restart_clock(self) -> None:
        self._since = (self.step, time.perf_counter())

    def _speed(self) -> float:
        step, moment = self._since
        seconds = time.perf_counter() - moment
        return round((self.step - step) * self.batch_size / seconds, 1)


class PrintProgress(StepCallback):
    """Prints a line every ten seconds, for output that is not a terminal.

    Args:
        total_steps: length of the run.
    """

    def __init__(self, total_steps: int):
        super().__init__()
        self.total_steps, self._interval = total_steps, Interval()

    def on_step(self, logs):
        """Prints the step and the losses if ten seconds have passed."""
        if self._interval.is_over():
            losses = ", ".join(f"{n} {float(value):.3g}" for n, value in logs.items())
            note(f"Step {self.step} of {self.total_steps}: {losses}")


class Stopped(Exception):
    """A signal stopped the training; the checkpoint of this step has been written."""

    def __init__(self, step: int):
        super().__init__(f"stopped at step {step}")
        self.step = step


class SaveCheckpoint(StepCallback):
    """Saves the whole model, optimizers included, every `every` steps and at the end.

    Args:
        folder: the run's `checkpoints/`.
        describe: step → content of the state file.
        keep: number of checkpoints to keep.
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
        """Saves a checkpoint every `every` steps and at the end."""
        if self.step == self.total_steps or self.step % self.every == 0:
            self.save(self.model)

    def save(self, model: keras.Model) -> None:
        """Saves the model in training, unless this step has been saved.

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

    It must be the last callback, so that all files of a step are complete.

    Args:
        save: saves the checkpoint; None in a worker that writes nothing.
        agreed: the number of this worker's signal, 0 for none → the highest number of
            all workers.
    """

    def __init__(self, save: SaveCheckpoint | None, agreed: Callable[[int], int] = int):
        super().__init__()
        self.save, self.agreed = save, agreed

    def on_step(self, logs):
        """Stops if a signal has arrived."""
        self.stop_if_asked(self.model)

    def stop_if_asked(self, model: keras.Model) -> None:
        """Saves and raises `Stopped` if a worker has received a signal."""
        number = self.agreed(interruption.received())
        if number:
            interruption.agree_on(number)
            if self.save:
                self.save.save(model)
            raise Stopped(int(model.step.numpy()))
