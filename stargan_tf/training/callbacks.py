"""What the samplers of all model families share: when they draw, and where to."""

import math
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from PIL import Image

from stargan_tf import interruption
from stargan_tf.errors import InputError
from stargan_tf.training import checkpoints
from stargan_tf.training.checkpoints import State, folder_name
from stargan_tf.training.metric_log import MetricLog
from stargan_tf.training.watching import NO_VISIBLE_CHANGE
from stargan_tf.translation.grid import reduced, with_caption
from stargan_tf.translation.pictures import write_picture

# A callback that knows the training step.


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
        """Called after each step.

        Args:
            logs: name → running mean since the last logged step.
        """


# Stops at the first loss that is no number, before it reaches a checkpoint.


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
            raise diverged(", ".join(words), self.step)


def check_weights(model: keras.Model, step: int) -> None:
    """Refuses weights that must not become a checkpoint.

    Args:
        model: the model in training.
        step: its step.

    Raises:
        TrainingDiverged: naming the first weight that is not finite.
    """
    for variable in model.trainable_variables:
        if not np.all(np.isfinite(variable.numpy())):
            raise diverged(f"the weight {variable.path} is not finite", step)


def diverged(what: str, step: int) -> TrainingDiverged:
    """The error with its advice.

    Args:
        what: such as `"d_loss became nan"`.
        step: the step at which it was seen.
    """
    return TrainingDiverged(
        f"Training diverged: {what} at step {step}. Nothing of it was saved; the last "
        "checkpoint is sound. The same command would repeat it: start another --run "
        "with a lower --learning_rate, a higher --gradient_penalty, or "
        "--precision float32."
    )


# Losses and speed, once per logging interval.


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


# Checkpoints at intervals, at the end, and when the process is asked to stop.


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


@dataclass(frozen=True)
class SampleSchedule:
    """When pictures are drawn, and where they go.

    Args:
        folder: the run's `samples/`.
        log: where the diagnostics, and the pictures again, go.
        every: steps from one to the next.
        total_steps: length of the run.
    """

    folder: Path
    log: MetricLog
    every: int
    total_steps: int


class Sampler(StepCallback):
    """Draws every `every` steps and at the end, after the checkpoint of that step.

    Args:
        schedule: when, and where to.
    """

    def __init__(self, schedule: SampleSchedule):
        super().__init__()
        self.schedule = schedule
        self.warned = False
        self.shown = ""  # "9 of 100 domains", once that is said.

    def on_train_begin(self, logs=None):
        """Draws what a process that ended right after the checkpoint left out."""
        super().on_train_begin(logs)
        drawn = self.schedule.folder.glob(f"{folder_name(self.step)}*.png")
        if self.step and self._is_due() and not any(drawn):
            interruption.abandoned_on_stop(self.sample)

    def on_step(self, logs):
        """Draws if it is time."""
        if self._is_due():
            interruption.abandoned_on_stop(self.sample)

    def _is_due(self) -> bool:
        at_end = self.step == self.schedule.total_steps
        return at_end or self.step % self.schedule.every == 0

    def sample(self):
        """Draws the pictures and says what they show."""

    def say_shown(self, shown: int, total: int) -> None:
        """Says, once in a process, that the pictures show some of the domains only.

        Args:
            shown: how many they show.
            total: how many there are.
        """
        if shown == total or self.shown:
            return
        self.shown = f"{shown} of {total} domains"
        print(
            f"The sample pictures and diagnostics are of {self.shown}, evenly spread; "
            "'stargan-tf translate' shows any."
        )

    def write_picture(self, picture: Image.Image, kind: str = "") -> None:
        """Writes a picture of this step.

        Args:
            picture: the picture.
            kind: what it is, where a step has several; part of its name.
        """
        picture = with_caption(reduced(picture), self.shown)
        ending = f"_{kind}" if kind else ""
        name = f"{folder_name(self.step)}{ending}.png"
        write_picture(picture, self.schedule.folder / name)
        self.schedule.log.write_picture(
            self.step, kind or "samples", np.asarray(picture)
        )

    def write(self, values: Mapping[str, float]) -> None:
        """Writes the diagnostics of this step.

        Args:
            values: name → number.
        """
        self.schedule.log.write(self.step, values)

    def warn_if_ignored(self, effect: float, text: str) -> None:
        """Warns, once in a run, that the generator ignores what it should heed.

        Args:
            effect: how much it changes the pictures; early in a run it is no matter.
            text: the warning.
        """
        # In the first fifth of a run every generator copies its input.
        is_early = 5 * self.step < self.schedule.total_steps
        if self.warned or is_early or effect >= NO_VISIBLE_CHANGE:
            return
        self.warned = True
        warnings.warn(text, stacklevel=2)
