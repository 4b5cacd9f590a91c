"""Keras callbacks that watch a training, for scripts and runs.

```python
import stargan_tf

faces = stargan_tf.load_dataset("toon_attributes", "train", image_size=64)
held_out = stargan_tf.load_dataset("toon_attributes", "held_out", image_size=64)
model = stargan_tf.StarGAN(faces.info)
model.compile()
model.fit(
    stargan_tf.training_batches(faces),
    steps_per_epoch=1000,
    epochs=200,
    callbacks=[
        stargan_tf.StopOnNaN(),
        stargan_tf.SampleImages("samples", held_out, every=1000),
        stargan_tf.Evaluate(held_out, faces, every=10_000, metrics="fid"),
        stargan_tf.KeepBest("best", "fid"),
    ],
)
```

Steps are the training batches of all calls of `fit`: `model.step`.
"""

import math
import pkgutil
import warnings
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from stargan_tf import interruption
from stargan_tf.data.source import LabeledImages
from stargan_tf.errors import InputError
from stargan_tf.evaluation.evaluator import Evaluator
from stargan_tf.evaluation.options import (
    DEFAULT_METRICS,
    NUMBERS,
    EvaluationOptions,
    find_number,
)
from stargan_tf.evaluation.tasks import Subject
from stargan_tf.files import user_path
from stargan_tf.layers.precision import keras_settings
from stargan_tf.models.registry import family_of
from stargan_tf.native_output import note
from stargan_tf.training.checkpoints import BestCheckpoint, State, folder_name
from stargan_tf.training.metric_log import MetricLog
from stargan_tf.training.run_folder import state_of
from stargan_tf.translation.grid import reduced, with_caption
from stargan_tf.translation.pictures import write_picture

Sources = LabeledImages | Sequence[LabeledImages]


class StepCallback(keras.callbacks.Callback):
    """Tracks `model.step` without reading it from the device after each batch."""

    def __init__(self):
        super().__init__()
        self.step = self.previous_step = 0

    def on_train_begin(self, logs=None):
        """Reads the model's step, which is not 0 in later calls of `fit`."""
        self.step = self.previous_step = int(self.model.step.numpy())

    def on_epoch_begin(self, epoch, logs=None):
        """Reads the step again, which `BackupAndRestore` may have changed."""
        self.step = self.previous_step = int(self.model.step.numpy())

    def on_train_batch_end(self, batch, logs=None):
        """Counts, then calls `on_step`."""
        self.previous_step = self.step
        if getattr(self.model, "steps_per_execution", 1) == 1:
            self.step += 1
        else:  # The last execution of an epoch may have fewer steps.
            self.step = int(self.model.step.numpy())
        self.on_step({} if logs is None else logs)

    def on_step(self, logs):
        """Called after each step, with the running means since the last logged one."""


class EverySteps(StepCallback):
    """Calls `work` every `every` steps, and at the end.

    Args:
        every: steps between calls.
        total_steps: the last step of training; None for the end of each `fit`.
        log: `metrics.jsonl` file, or `MetricLog`, to which numbers are appended; None
            for none.
    """

    def __init__(
        self,
        every: int,
        total_steps: int | None = None,
        log: str | Path | MetricLog | None = None,
    ):
        super().__init__()
        if every < 1:
            raise InputError(f"every must be at least 1 step. Received: every={every}")
        self.every, self.total_steps = every, total_steps
        self.log = MetricLog(user_path(log)) if isinstance(log, str | Path) else log
        self._values: dict[str, float] = {}
        self._last: int | None = None

    def on_train_begin(self, logs=None):
        """Starts counting; the work at the end of an earlier `fit` is not repeated."""
        super().on_train_begin(logs)
        if self._last is None:
            self._last = self.step

    def on_step(self, logs):
        """Calls `work` if it is due."""
        reached = self.step // self.every > self.previous_step // self.every
        if reached or self.step == self.total_steps:
            self._work(logs)

    def on_epoch_end(self, epoch, logs=None):
        """Adds the latest numbers to the epoch's logs, for later callbacks."""
        if logs is not None:
            logs.update(self._values)

    def on_train_end(self, logs=None):
        """Calls `work` at the end of `fit` if `total_steps` is None."""
        if self.total_steps is None and self.step != self._last:
            self._work({} if logs is None else logs)

    def _work(self, logs: MutableMapping[str, float]) -> None:
        self._last = self.step
        interruption.abandoned_on_stop(lambda: self.work(logs))

    def work(self, logs: MutableMapping[str, float]) -> None:
        """Performs the work, for subclasses; the logs are those of the batch."""

    def report(self, values: Mapping[str, float], logs: MutableMapping) -> None:
        """Logs numbers of this step, and adds them to the logs of Keras."""
        self._values = dict(values)
        logs.update(values)
        if self.log:
            self.log.write(self.step, values)


# === Divergence ===


class TrainingDiverged(InputError):
    """A loss or a weight became NaN or infinite."""

    def __init__(self, what: str, step: int):
        super().__init__(
            f"Training diverged: {what} at step {step}. Earlier checkpoints are "
            "intact, but the same settings would diverge again: start a new training "
            "with a lower learning rate, a higher gradient penalty, or in float32."
        )


class StopOnNaN(StepCallback):
    """Stops at the first step with a loss that is not finite.

    List it before the callbacks that write files, which are then not called for that
    step. (Keras' `TerminateOnNaN` checks only `loss`, after the other callbacks.)

    Raises:
        TrainingDiverged: from `fit`; the message names the losses and the step.
    """

    def on_step(self, logs):
        """Checks every loss; Keras has already read them from the device."""
        losses = {
            metric.name: logs.get(metric.name, 0) for metric in self.model.metrics
        }
        broken = {n: value for n, value in losses.items() if not math.isfinite(value)}
        if broken:
            words = [f"{name} became {value}" for name, value in broken.items()]
            raise TrainingDiverged(", ".join(words), self.step)


# === Sample images ===


class SampleImages(EverySteps):
    """Writes translations of held-out images, with diagnostics.

    It uses the same images each time. StarGAN writes a grid of all domains; StarGAN v2
    writes grids for latent codes and for references, and an interpolation. The
    diagnostics are added to the logs of the batch and of the epoch:

    - `label_effect`: mean absolute difference, with images in [-1, 1], between
      translations to different domains. It is near 0 if the label is ignored, which
      causes a warning. StarGAN v2 has `style_diversity`, the same within a domain.
    - `critic_gap`, `critic_wins`: the mean difference of the discriminator's scores of
      real images and of translations, and the fraction of pairs in which the real image
      has the higher score. They are 0 and 0.5 if it cannot separate them.

    Args:
        folder: folder for the images: `step_00001000.png`, …
        held_out: `LabeledImages` that are not trained on; for several data sets, a list
            in the order of the model's data sets.
        every: training steps between samples; the last step is also sampled.
        total_steps: the last step, if `fit` is called several times.
        log: `metrics.jsonl` file, or `MetricLog`, to which the diagnostics are
            appended; None for none.

    Raises:
        InputError: from `fit`, if the model's family is not installed, or no image
            can be read.
    """

    def __init__(
        self,
        folder: str | Path,
        held_out: Sources,
        every: int = 1000,
        *,
        total_steps: int | None = None,
        log: str | Path | MetricLog | None = None,
    ):
        super().__init__(every, total_steps, log)
        self.folder, self.held_out = user_path(folder), _as_list(held_out)
        self._caption, self._has_warned = "", False

    def set_model(self, model):
        """Loads the held-out images for this family of models."""
        if model is not self.model:
            sampler = pkgutil.resolve_name(_family(model).sampler)
            self._draw = sampler(self.held_out)
        super().set_model(model)

    def on_train_begin(self, logs=None):
        """Writes samples that are missing because the process ended before."""
        super().on_train_begin(logs)
        due = self.step == self.total_steps or self.step % self.every == 0
        drawn = self.folder.glob(f"{folder_name(self.step)}*.png")
        if self.step and due and not any(drawn):
            self._work({})

    def work(self, logs):
        """Translates, writes, and logs."""
        samples = self._draw(self.model)
        shown, total = samples.shown
        if shown < total and not self._caption:
            self._caption = f"{shown} of {total} domains"
            note(
                f"Sample images and diagnostics cover {self._caption}, evenly spread; "
                "'stargan-tf translate' can show the others."
            )
        for name, picture in samples.pictures.items():
            picture = with_caption(reduced(picture), self._caption)
            ending = f"_{name}" if name else ""
            file = self.folder / f"{folder_name(self.step)}{ending}.png"
            write_picture(picture, file)
            if self.log:
                pixels = np.asarray(picture)
                self.log.write_picture(self.step, name or "samples", pixels)
        self.report(samples.diagnostics, logs)
        # In the first fifth of a training, generators usually copy their input.
        if samples.warning and not self._has_warned and 5 * self.step >= self._end():
            self._has_warned = True
            warnings.warn(f"Step {self.step}: {samples.warning}", stacklevel=2)

    def _end(self) -> float:
        """The last step; infinity if it is unknown."""
        if self.total_steps is not None:
            return self.total_steps
        epochs, steps = (self.params.get(name) for name in ("epochs", "steps"))
        return epochs * steps if epochs and steps else math.inf


# === Evaluation ===


class Evaluate(EverySteps):
    """Evaluates the model on held-out images as `stargan-tf evaluate` does.

    The numbers (`fid`, `classification_error`, …; with several data sets `NAME_fid`, …)
    are printed, and added to the logs of the batch and of the epoch. Callbacks listed
    after it can use them: `KeepBest`, `EarlyStopping(monitor="fid", mode="min")`, or
    `CSVLogger`. (Keras' callbacks need a number in every epoch, from the first one on:
    let `every` be at most the steps of an epoch.) A model with EMA networks is
    evaluated with them.

    Args:
        held_out: `LabeledImages` to translate; for several data sets, a list in the
            order of the model's data sets.
        train: the real images of the same data sets, for the classifier and FID.
        every: training steps between evaluations; the last step is also evaluated.
        metrics: some of `"fid"`, `"kid"`, `"lpips"`, `"classification"`,
            `"unchanged"`, and `"detection"`, as a list or separated by commas; the
            first three need weights, which are downloaded once.
        total_steps: the last step, if `fit` is called several times.
        log: `metrics.jsonl` file, or `MetricLog`, to which the numbers are appended;
            None for none.
        **options: further fields of `EvaluationOptions`, such as `count` (held-out
            images per task) and `classifier`.

    Raises:
        InputError: if a metric or option is unknown; from `fit`, if weights are missing
            or the data do not match the model.
    """

    def __init__(
        self,
        held_out: Sources,
        train: Sources,
        every: int = 10_000,
        metrics: str | Sequence[str] = DEFAULT_METRICS,
        *,
        total_steps: int | None = None,
        log: str | Path | MetricLog | None = None,
        **options: Any,
    ):
        super().__init__(every, total_steps, log)
        self.options = EvaluationOptions(metrics, **options)
        self.sources = [*zip(_as_list(held_out), _as_list(train), strict=True)]
        self._evaluators: dict[str, Evaluator] = {}

    def set_model(self, model):
        """Prepares the evaluators before the model is trained."""
        if model is self.model:
            return
        super().set_model(model)
        steering = _family(model).translated_by
        with keras_settings():
            self._evaluators = {
                held_out.info.name: Evaluator(
                    Subject(model, steering, held_out, train, number), self.options
                )
                for number, (held_out, train) in enumerate(self.sources)
            }

    def prepare(self) -> None:
        """Computes the statistics of real images, and trains the classifier, once."""
        with keras_settings():
            for evaluator in self._evaluators.values():
                evaluator.prepare()

    def measure(self) -> dict[str, float]:
        """The means over all tasks by name; of several data sets, `NAME_` precedes."""
        values = {}
        with keras_settings():
            for dataset, evaluator in self._evaluators.items():
                start = f"{dataset}_" if len(self._evaluators) > 1 else ""
                for name, mean in evaluator.run().means.items():
                    values[start + name] = mean.value
        return values

    def work(self, logs):
        """Evaluates, and prints the numbers."""
        values = self.measure()
        self.report(values, logs)
        shown = ", ".join(f"{name} {value:.4g}" for name, value in values.items())
        note(f"\nStep {self.step}: {shown}")


class KeepBest(StepCallback):
    """Saves the model whenever a number is the best so far.

    List it after the `Evaluate` callback that computes the number. The folder is a
    checkpoint, which `stargan_tf.load_model` and all commands open; its `best.json`
    contains the value, with which a resumed training compares.

    Args:
        folder: folder for the model; an earlier one of this callback is replaced.
        metric: name of the number: `"fid"`, `"latent_fid"`, `"classification_error"`, …
        describe: step → the `State` to save; None for the state of the model.

    Raises:
        InputError: if the metric is not a number of an evaluation. (For losses, use
            Keras' `ModelCheckpoint(save_best_only=True)`.)
    """

    def __init__(
        self,
        folder: str | Path,
        metric: str,
        describe: Callable[[int], State] | None = None,
    ):
        super().__init__()
        if find_number(metric) is None:
            raise InputError(
                f"KeepBest needs a number of Evaluate: {', '.join(NUMBERS)}, or one of "
                f"these with a prefix, such as latent_fid. Received: '{metric}'"
            )
        describe = describe or (lambda _: state_of(self.model))
        self.best = BestCheckpoint(user_path(folder), metric, describe)

    def on_step(self, logs):
        """Saves the model if the number is in the logs, and the best so far."""
        metric = self.best.metric
        if metric in logs:
            interruption.abandoned_on_stop(lambda: self._offer(logs))
        elif any(find_number(name) for name in logs):
            note(f"No best checkpoint: the evaluation has no {metric}.")

    def on_train_end(self, logs=None):
        """Compares the evaluation at the end, if there was one."""
        if logs:
            self.on_step(logs)

    def _offer(self, logs: Mapping[str, float]) -> None:
        if self.best.offer(self.model, self.step, logs):
            note(f"Best {self.best.metric} so far: {self.best.path}")


def _as_list(sources: Sources) -> list[LabeledImages]:
    return [sources] if isinstance(sources, LabeledImages) else list(sources)


def _family(model: Any) -> Any:
    return family_of(type(model).__name__, type(model).__module__)
