"""The data sets of a run, opened."""

import pkgutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import tensorflow as tf

from stargan_tf import interruption
from stargan_tf.data.identity import data_fingerprint
from stargan_tf.data.info import ONE_HOT, DatasetInfo
from stargan_tf.data.labels import LabelSpace
from stargan_tf.data.options import SPLITS
from stargan_tf.data.registry import load_dataset
from stargan_tf.data.sampling import BatchPart
from stargan_tf.data.source import LabelledImages
from stargan_tf.distribution.strategies import Strategy, has_workers, is_chief
from stargan_tf.errors import InputError
from stargan_tf.evaluation.evaluator import Evaluator
from stargan_tf.evaluation.options import EvaluationOptions
from stargan_tf.evaluation.tasks import Subject
from stargan_tf.layers.precision import keras_settings
from stargan_tf.models.registry import family
from stargan_tf.training.callbacks import StepCallback
from stargan_tf.training.checkpoints import BestCheckpoint
from stargan_tf.training.config import RunConfig
from stargan_tf.training.metric_log import MetricLog

# Steps cut into Keras epochs that end where checkpoints are due.


class Span(NamedTuple):
    """Epochs of equal length, for one call of `fit`.

    Args:
        steps: steps of each epoch.
        first_epoch: number of the first, from 0.
        last_epoch: number after the last.
    """

    steps: int
    first_epoch: int
    last_epoch: int

    @property
    def total_steps(self) -> int:
        """Steps of all of them."""
        return self.steps * (self.last_epoch - self.first_epoch)


def spans(start: int, stop: int, every: int) -> Iterator[Span]:
    """Cuts steps into calls of `fit` whose epochs end at multiples of `every`.

    Args:
        start: steps done.
        stop: steps to reach.
        every: steps from checkpoint to checkpoint.

    Yields:
        Whole epochs at once, and the incomplete one before or after them, if any,
        by itself.
    """
    while start < stop:
        epoch = start // every
        if start % every or stop - start < every:
            end = min(stop, (epoch + 1) * every)
            yield Span(end - start, epoch, epoch + 1)
        else:
            end = stop // every * every
            yield Span(every, epoch, stop // every)
        start = end


# Batches for the workers of one training: each makes its part of every batch.


def worker_batches(
    strategy: tf.distribute.Strategy,
    make_batches: Callable[[BatchPart], tf.data.Dataset],
) -> tf.distribute.DistributedDataset:
    """A distributed data set for `fit`; nothing is loaded twice.

    Args:
        strategy: over several workers.
        make_batches: which part of the global batches → endless data set of them.
    """

    def of_worker(context: tf.distribute.InputContext) -> tf.data.Dataset:
        workers = context.num_input_pipelines
        part = BatchPart(context.input_pipeline_id, workers)
        replicas = context.num_replicas_in_sync // workers
        return split_batches(make_batches(part), replicas)

    return strategy.distribute_datasets_from_function(of_worker)


def split_batches(batches: tf.data.Dataset, parts: int) -> tf.data.Dataset:
    """Each batch as several, one after another, for a worker's replicas.

    Args:
        batches: batches of a known size.
        parts: how many equal parts to make of each.
    """
    if parts == 1:
        return batches

    @tf.autograph.experimental.do_not_convert
    def stack(*tensors):
        return tuple(
            tf.reshape(t, (parts, t.shape[0] // parts, *t.shape[1:])) for t in tensors
        )

    return batches.map(stack).unbatch().prefetch(parts)


@dataclass(frozen=True)
class RunData:
    """The opened data sets of a run.

    Args:
        train: what is trained on, in the order of the configuration.
        held_out: what the sample grids show.
    """

    train: list[LabelledImages]
    held_out: list[LabelledImages]

    @property
    def sources(self) -> LabelledImages | list[LabelledImages]:
        """What is trained on: the one data set, or several."""
        return self.train[0] if len(self.train) == 1 else self.train

    @property
    def label_space(self) -> LabelSpace:
        """The label vector of a model for them."""
        return LabelSpace([source.info for source in self.train])

    @property
    def counts(self) -> list[int]:
        """Training images of each data set."""
        return [len(source) for source in self.train]

    @cached_property
    def fingerprints(self) -> list[dict[str, Any]]:
        """What each data set consists of, both splits together."""
        pairs = zip(self.train, self.held_out, strict=True)
        return [data_fingerprint(*splits) for splits in pairs]


def open_data(config: RunConfig) -> RunData:
    """Opens both splits of every data set.

    Args:
        config: names and options of the data sets.

    Raises:
        InputError: unknown name, or data that does not fit.
    """

    splits = ([_open(config, i, split) for i in _numbers(config)] for split in SPLITS)
    return RunData(*splits)


def _numbers(config: RunConfig) -> range:
    return range(len(config.dataset))


def _open(config: RunConfig, number: int, split: str) -> LabelledImages:
    options = config.dataset_options(number) | family(config.model).dataset_options
    name = config.dataset[number]
    source = load_dataset(name, split, config.image_size, **options)
    _check_domains(source.info)
    info = replace(source.info, name=config.dataset_names[number])
    return replace(source, info=info)


def _check_domains(info: DatasetInfo) -> None:
    if info.label_type == ONE_HOT and len(info.domains) < 2:
        raise InputError(
            f"Data set '{info.name}' has one domain only, {info.domains[0]}: there is "
            "nothing to translate to. Pictures without labels are for "
            "'stargan-tf translate'; to train on, give two domains or more."
        )


# The batches of a run, for one device or for several.


def global_batches(
    config: RunConfig, data: RunData, start: int = 0, **options: Any
) -> tf.data.Dataset:
    """What the model is trained on, from a step on.

    Args:
        config: of the run.
        data: its data sets.
        start: number of the first batch.
        **options: further ones of the family's `batches`.
    """
    return pkgutil.resolve_name(family(config.model).batches)(
        data.sources,
        config.batch_size,
        seed=config.seed,
        start_step=start,
        **config.batch_options,
        **options,
    )


def run_batches(
    config: RunConfig, data: RunData, start: int, strategy: Strategy | None
) -> Any:
    """As `global_batches`, in the form that `fit` takes with that strategy.

    Keras deals the batches out to the devices of one machine; each of several machines
    makes only its own part.

    Args:
        config: of the run.
        data: its data sets.
        start: number of the first batch.
        strategy: the run's, or None.
    """
    if not has_workers(strategy):
        return global_batches(config, data, start)

    def make(part: BatchPart) -> tf.data.Dataset:
        return global_batches(config, data, start, part=part)

    return worker_batches(strategy, make)


# The epochs of a run: from checkpoint to checkpoint until its last step.


def run_epochs(
    model: Any,
    config: RunConfig,
    data: RunData,
    callbacks: Sequence[Any],
    strategy: Strategy | None,
) -> None:
    """Trains a model to the configuration's last step.

    Args:
        model: compiled, at the step that it goes on from.
        config: of the run.
        data: its data sets.
        callbacks: of every `fit`.
        strategy: the run's, or None.
    """
    start = int(model.step.numpy())
    for span in spans(start, config.steps, config.checkpoint_every):
        _fit(model, span, config, data, callbacks, strategy)


def _fit(
    model: Any,
    span: Span,
    config: RunConfig,
    data: RunData,
    callbacks: Sequence[Any],
    strategy: Strategy | None,
) -> None:
    start = int(model.step.numpy())
    model.fit(
        run_batches(config, data, start, strategy),
        steps_per_epoch=span.steps,
        initial_epoch=span.first_epoch,
        epochs=span.last_epoch,
        callbacks=list(callbacks),
        shuffle=False,
        verbose=_verbosity(strategy),
    )
    reached = int(model.step.numpy())
    if reached != start + span.total_steps:
        # Keras ends an epoch early, with a mere warning, when batches run out.
        raise RuntimeError(f"The data ended at step {reached}; it should be endless.")


def _verbosity(strategy: Strategy | None) -> int:
    if not is_chief(strategy):
        return 0
    # A bar that is redrawn is unreadable in a file.
    return 1 if sys.stdout.isatty() else 2


# What a run measures while it trains: an evaluator for each of its data sets.


class RunEvaluation:
    """Measures one model again and again.

    Args:
        model: the model in training.
        translated_by: how it is steered, as its family says.
        data: the run's data.
        options: what to measure.

    Raises:
        InputError: if weights are missing.
    """

    def __init__(
        self,
        model: Any,
        translated_by: str,
        data: RunData,
        options: EvaluationOptions,
    ):
        pairs = enumerate(zip(data.held_out, data.train, strict=True))
        with keras_settings():
            self.evaluators = {
                held_out.info.name: Evaluator(
                    Subject(model, translated_by, held_out, train, number), options
                )
                for number, (held_out, train) in pairs
            }

    def prepare(self) -> None:
        """Does what is needed once: real images' statistics, the classifier.

        Raises:
            InputError: if the data does not suffice.
        """
        with keras_settings():
            for evaluator in self.evaluators.values():
                evaluator.prepare()

    def measure(self) -> dict[str, float]:
        """The means over all tasks, as the model is now.

        Returns:
            Name → value; with several data sets the names begin with theirs.

        Raises:
            InputError: if a translation is not finite.
        """
        values = {}
        with keras_settings():
            for dataset, evaluator in self.evaluators.items():
                start = f"{dataset}_" if len(self.evaluators) > 1 else ""
                for name, mean in evaluator.run().means.items():
                    values[start + name] = mean.value
        return values


# Evaluations on held-out images while a model trains.


class Evaluate(StepCallback):
    """Measures the model every `every` steps and at the end, with averaged networks.

    Args:
        evaluation: what to measure.
        log: where the numbers go.
        every: steps from one evaluation to the next.
        total_steps: length of the run.
        best: keeps the best checkpoint; None to keep none.
    """

    def __init__(
        self,
        evaluation: RunEvaluation,
        log: MetricLog,
        every: int,
        total_steps: int,
        best: BestCheckpoint | None = None,
    ):
        super().__init__()
        self.evaluation, self.log, self.best = evaluation, log, best
        self.every, self.total_steps = every, total_steps

    def on_step(self, logs):
        """Measures if it is time."""
        if self.step == self.total_steps or self.step % self.every == 0:
            interruption.abandoned_on_stop(self._measure)

    def _measure(self) -> None:
        values = self.evaluation.measure()
        self.log.write(self.step, values)
        shown = ", ".join(f"{name} {value:.4g}" for name, value in values.items())
        print(f"\nStep {self.step}: {shown}")
        if self.best is None:
            return
        if self.best.metric not in values:
            print(f"No best checkpoint: {self.best.metric} cannot be measured here.")
        elif self.best.offer(self.model, self.step, values):
            print(f"The best {self.best.metric} so far: {self.best.path}")
