"""Losses and speed, once per logging interval."""

import time
from collections.abc import Sequence

import keras

from stargan_tf.training.callbacks.step_callback import StepCallback
from stargan_tf.training.metric_log import MetricWriter


class LogMetrics(StepCallback):
    """Writes the means of each `every` steps.

    Args:
        writers: where to.
        every: steps per line.
        batch_size: images per step, for the speed.
    """

    def __init__(self, writers: Sequence[MetricWriter], every: int, batch_size: int):
        super().__init__()
        self.writers = writers
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
        for writer in self.writers:
            writer.write(self.step, values)
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
