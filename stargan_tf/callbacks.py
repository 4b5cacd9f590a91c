"""Keras callbacks for `fit`, in scripts as in runs: what watches a training.

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

Steps are training batches that the model has seen, in all calls of `fit`: `model.step`.
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
    """Counts `model.step` along without reading it from the device each batch."""

    def __init__(self):
        super().__init__()
        self.step = self.previous_step = 0

    def on_train_begin(self, logs=None):
        """Takes up the model's count, which does not begin at 0 in every `fit`."""
        self.step = self.previous_step = int(self.model.step.numpy())

    def on_epoch_begin(self, epoch, logs=None):
        """Takes it up again: `BackupAndRestore`, behind it, may have changed it."""
        self.step = self.previous_step = int(self.model.step.numpy())

    def on_train_batch_end(self, batch, logs=None):
        """Counts, then calls `on_step`."""
        self.previous_step = self.step
        if getattr(self.model, "steps_per_execution", 1) == 1:
            self.step += 1
        else:  # The last execution of an epoch may have fewer.
            self.step = int(self.model.step.numpy())
        self.on_step({} if logs is None else logs)

    def on_step(self, logs):
        """Called after each step, with the running means since the last logged one."""


class EverySteps(StepCallback):
    """Does its `work` every `every` steps, and at the end.

    Args:
        every: steps from one time to the next.
        total_steps: the step that is the end; None for the end of each `fit`.
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
        """Begins to count; what an earlier `fit` ended with is not done again."""
        super().on_train_begin(logs)
        if self._last is None:
            self._last = self.step

    def on_step(self, logs):
        """Works if it is time."""
        reached = self.step // self.every > self.previous_step // self.every
        if reached or self.step == self.total_steps:
            self._work(logs)

    def on_epoch_end(self, epoch, logs=None):
        """Adds the newest numbers to the epoch's logs, for the callbacks behind it."""
        if logs is not None:
            logs.update(self._values)

    def on_train_end(self, logs=None):
        """Works at the end of `fit` where nothing else says what the end is."""
        if self.total_steps is None and self.step != self._last:
            self._work({} if logs is None else logs)

    def _work(self, logs: MutableMapping[str, float]) -> None:
        self._last = self.step
        interruption.abandoned_on_stop(lambda: self.work(logs))

    def work(self, logs: MutableMapping[str, float]) -> None:
        """What there is to do; the logs are those of the batch."""

    def report(self, values: Mapping[str, float], logs: MutableMapping) -> None:
        """Writes numbers of this step, and adds them to the logs."""
        self._values = dict(values)
        logs.update(values)
        if self.log:
            self.log.write(self.step, values)


# === When it diverges ===


class TrainingDiverged(InputError):
    """A loss or a weight became NaN or infinite."""

    def __init__(self, what: str, step: int):
        super().__init__(
            f"Training diverged: {what} at step {step}. What was saved before is "
            "sound, but the same settings would diverge again: start another training "
            "with a lower learning rate, a higher gradient penalty, or in float32."
        )


class StopOnNaN(StepCallback):
    """Stops at the first step with a loss that is not finite.

    It stands before the callbacks that write: they are not called for that step.
    (Keras' `TerminateOnNaN` looks at `loss` only, and stops after the others have
    written.)

    Raises:
        TrainingDiverged: from `fit`; the message names the losses and the step.
    """

    def on_step(self, logs):
        """Looks at every loss; Keras has read them from the device already."""
        losses = {
            metric.name: logs.get(metric.name, 0) for metric in self.model.metrics
        }
        broken = {n: value for n, value in losses.items() if not math.isfinite(value)}
        if broken:
            words = [f"{name} became {value}" for name, value in broken.items()]
            raise TrainingDiverged(", ".join(words), self.step)


# === Sample images ===


class SampleImages(EverySteps):
    """Draws held-out images as the model translates them, and measures what they show.

    The same images each time: a StarGAN draws a grid of them in every domain, a
    StarGAN v2 two grids, by latent codes and by references, and an interpolation. What
    is measured joins the logs of the batch and the epoch:

    - `label_effect`: mean absolute difference, with images in [-1, 1], between
      translations to different domains; near 0 if the label is ignored, of which a
      warning tells once. StarGAN v2 has `style_diversity`, the same within a domain.
    - `critic_gap`, `critic_wins`: by how much the discriminator scores real images
      higher than translations, and in which share of pairs; 0 and 0.5 if it cannot
      tell them apart.

    Args:
        folder: where the images go: `step_00001000.png`, …
        held_out: `LabeledImages` that are not trained on; a list of them, in the
            order of the model's data sets, for several.
        every: training steps from one drawing to the next; the last is drawn, too.
        total_steps: the last step, if `fit` is called several times on the way.
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
        """Loads the held-out images that such a model draws."""
        if model is not self.model:
            sampler = pkgutil.resolve_name(_family(model).sampler)
            self._draw = sampler(self.held_out)
        super().set_model(model)

    def on_train_begin(self, logs=None):
        """Draws what a process that ended right after the checkpoint left out."""
        super().on_train_begin(logs)
        due = self.step == self.total_steps or self.step % self.every == 0
        drawn = self.folder.glob(f"{folder_name(self.step)}*.png")
        if self.step and due and not any(drawn):
            self._work({})

    def work(self, logs):
        """Draws, writes and measures."""
        samples = self._draw(self.model)
        shown, total = samples.shown
        if shown < total and not self._caption:
            self._caption = f"{shown} of {total} domains"
            note(
                f"The sample images and diagnostics are of {self._caption}, evenly "
                "spread; 'stargan-tf translate' shows any."
            )
        for kind, picture in samples.pictures.items():
            picture = with_caption(reduced(picture), self._caption)
            ending = f"_{kind}" if kind else ""
            file = self.folder / f"{folder_name(self.step)}{ending}.png"
            write_picture(picture, file)
            if self.log:
                pixels = np.asarray(picture)
                self.log.write_picture(self.step, kind or "samples", pixels)
        self.report(samples.diagnostics, logs)
        # In the first fifth of a training every generator copies its input.
        if samples.warning and not self._has_warned and 5 * self.step >= self._end():
            self._has_warned = True
            warnings.warn(f"Step {self.step}: {samples.warning}", stacklevel=2)

    def _end(self) -> float:
        """The last step, as far as it is known."""
        if self.total_steps is not None:
            return self.total_steps
        epochs, steps = (self.params.get(name) for name in ("epochs", "steps"))
        return epochs * steps if epochs and steps else math.inf


# === Evaluation ===


class Evaluate(EverySteps):
    """Measures the model on held-out images as `stargan-tf evaluate` does.

    The numbers (`fid`, `classification_error`, …; with several data sets
    `NAME_fid`, …) are printed and join the logs, of the batch and of the epoch, where
    `KeepBest`, `EarlyStopping(monitor="fid", mode="min")` or `CSVLogger` find them if
    they stand behind it. (Keras' own want a number in every epoch, from the first on:
    let `every` be the steps of one or of a part of it.) A model with EMA networks is
    measured with them.

    Args:
        held_out: `LabeledImages` to translate; a list of them, in the order of the
            model's data sets, for several.
        train: the real images of the same data sets, for the classifier and FID.
        every: training steps from one evaluation to the next; the last is one, too.
        metrics: some of `"fid"`, `"kid"`, `"lpips"`, `"classification"` and
            `"unchanged"`, as a list or with commas; the first three need weights,
            which are downloaded once.
        total_steps: the last step, if `fit` is called several times on the way.
        log: `metrics.jsonl` file, or `MetricLog`, to which the numbers are appended;
            None for none.
        **options: further fields of `EvaluationOptions`, such as `count` (held-out
            images per task) and `classifier`.

    Raises:
        InputError: unknown metric or option; from `fit`, if weights are missing or
            the data does not fit the model.
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
        """Finds what measures the model, before it is trained."""
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
        """Does what is needed once: the real images' statistics, the classifier."""
        with keras_settings():
            for evaluator in self._evaluators.values():
                evaluator.prepare()

    def measure(self) -> dict[str, float]:
        """The means over all tasks by name, with several data sets theirs first."""
        values = {}
        with keras_settings():
            for dataset, evaluator in self._evaluators.items():
                start = f"{dataset}_" if len(self._evaluators) > 1 else ""
                for name, mean in evaluator.run().means.items():
                    values[start + name] = mean.value
        return values

    def work(self, logs):
        """Measures, and prints the numbers."""
        values = self.measure()
        self.report(values, logs)
        shown = ", ".join(f"{name} {value:.4g}" for name, value in values.items())
        note(f"\nStep {self.step}: {shown}")


class KeepBest(StepCallback):
    """Saves the model whenever one of its numbers is the best so far.

    It stands behind the `Evaluate` that measures the number. The folder is a
    checkpoint, which `stargan_tf.load_model` and every command open; `best.json` in
    it has the value, against which a resumed training compares.

    Args:
        folder: where the model is kept; an earlier one of this callback is replaced.
        metric: the number: `"fid"`, `"latent_fid"`, `"classification_error"`, …
        describe: step → the `State` to save; None for what the model itself knows.

    Raises:
        InputError: if the metric is no number of an evaluation. (Keras'
            `ModelCheckpoint(save_best_only=True)` follows losses.)
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
                f"KeepBest follows a number of Evaluate: {', '.join(NUMBERS)}, or one "
                f"of these after a prefix, such as latent_fid. Received: '{metric}'"
            )
        describe = describe or (lambda _: state_of(self.model))
        self.best = BestCheckpoint(user_path(folder), metric, describe)

    def on_step(self, logs):
        """Saves the model if its number is there and the best so far."""
        metric = self.best.metric
        if metric in logs:
            interruption.abandoned_on_stop(lambda: self._offer(logs))
        elif any(find_number(name) for name in logs):
            note(f"No best checkpoint: {metric} cannot be measured here.")

    def on_train_end(self, logs=None):
        """Looks at the evaluation that was made at the end, if there was one."""
        if logs:
            self.on_step(logs)

    def _offer(self, logs: Mapping[str, float]) -> None:
        if self.best.offer(self.model, self.step, logs):
            note(f"The best {self.best.metric} so far: {self.best.path}")


def _as_list(sources: Sources) -> list[LabeledImages]:
    return [sources] if isinstance(sources, LabeledImages) else list(sources)


def _family(model: Any) -> Any:
    return family_of(type(model).__name__, type(model).__module__)
