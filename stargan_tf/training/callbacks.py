"""The Keras callbacks of a run: log, checkpoints, evaluations, and when to stop."""

import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import keras
import numpy as np

from stargan_tf import interruption
from stargan_tf.errors import InputError
from stargan_tf.evaluation.evaluator import Evaluator
from stargan_tf.layers.precision import keras_settings
from stargan_tf.training import checkpoints
from stargan_tf.training.checkpoints import BestCheckpoint, State
from stargan_tf.training.metric_log import MetricLog


class StepCallback(keras.callbacks.Callback):
    """Counts `model.step` along without reading it from the device each batch."""

    def __init__(self):
        super().__init__()
        self.step = 0

    def on_train_begin(self, logs=None):
        """Takes up the model's count, which a resumed run does not begin at 0."""
        self.step = int(self.model.step.numpy())

    def on_train_batch_end(self, batch, logs=None):
        """Counts, then calls `on_step`."""
        self.step += 1
        self.on_step(logs or {})

    def on_step(self, logs):
        """Called after each step, with the running means since the last logged one."""


class TrainingDiverged(InputError):
    """A loss or a weight became NaN or infinite."""


class StopOnNaN(StepCallback):
    """Raises `TrainingDiverged` at the first step with a loss that is not finite.

    It must stand before the callbacks that write: the running means that it looks
    at are reset after each logged step, and the checkpoint comes after it. (Keras'
    `TerminateOnNaN` looks at `loss` only, and stops after the others have written.)
    """

    def on_step(self, logs):
        """Looks at every value; Keras has read them from the device already."""
        broken = {n: value for n, value in logs.items() if not math.isfinite(value)}
        if broken:
            words = [f"{name} became {value}" for name, value in broken.items()]
            raise _diverged(", ".join(words), self.step)


def _check_weights(model: keras.Model, step: int) -> None:
    """Refuses weights that must not become a checkpoint, naming the first."""
    for variable in model.trainable_variables:
        if not np.all(np.isfinite(variable.numpy())):
            raise _diverged(f"the weight {variable.path} is not finite", step)


def _diverged(what: str, step: int) -> TrainingDiverged:
    return TrainingDiverged(
        f"Training diverged: {what} at step {step}. Nothing of it was saved; the last "
        "checkpoint is sound. The same command would repeat it: start another --run "
        "with a lower --learning_rate, a higher --gradient_penalty, or "
        "--precision float32."
    )


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
        idle = self._without_values()
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


class Evaluate(StepCallback):
    """Measures the model every `every` steps and at the end, with averaged networks.

    Args:
        evaluators: data set → what measures the model on it, prepared.
        log: where the numbers go.
        every: steps from one evaluation to the next.
        total_steps: length of the run.
        best: keeps the best checkpoint; None to keep none.
    """

    def __init__(
        self,
        evaluators: Mapping[str, Evaluator],
        log: MetricLog,
        every: int,
        total_steps: int,
        best: BestCheckpoint | None = None,
    ):
        super().__init__()
        self.evaluators, self.log, self.best = evaluators, log, best
        self.every, self.total_steps = every, total_steps

    def on_step(self, logs):
        """Measures if it is time."""
        if self.step == self.total_steps or self.step % self.every == 0:
            interruption.abandoned_on_stop(self._record)

    def measure(self) -> dict[str, float]:
        """The means over all tasks by name, with several data sets theirs first."""
        values = {}
        with keras_settings():
            for dataset, evaluator in self.evaluators.items():
                start = f"{dataset}_" if len(self.evaluators) > 1 else ""
                for name, mean in evaluator.run().means.items():
                    values[start + name] = mean.value
        return values

    def _record(self) -> None:
        values = self.measure()
        self.log.write(self.step, values)
        shown = ", ".join(f"{name} {value:.4g}" for name, value in values.items())
        print(f"\nStep {self.step}: {shown}")
        if self.best is None:
            return
        if self.best.metric not in values:
            print(f"No best checkpoint: {self.best.metric} cannot be measured here.")
        elif self.best.offer(self.model, self.step, values):
            print(f"The best {self.best.metric} so far: {self.best.path}")
