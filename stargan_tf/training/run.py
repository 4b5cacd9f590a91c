"""A training run: configuration → data and model → `fit` → checkpoints and samples."""

import contextlib
import pkgutil
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from stargan_tf import files, interruption
from stargan_tf.callbacks import Evaluate, KeepBest, SampleImages, StopOnNaN
from stargan_tf.data.identity import data_fingerprint
from stargan_tf.data.info import ONE_HOT, DatasetInfo, as_infos
from stargan_tf.data.labels import LabelSpace
from stargan_tf.data.options import SPLITS, Preparation
from stargan_tf.data.registry import load_dataset
from stargan_tf.data.source import LabeledImages
from stargan_tf.distribution.devices import computing_on, this_machine
from stargan_tf.distribution.strategies import (
    Strategy,
    check_batch_size,
    has_workers,
    is_chief,
    make_strategy,
    scope,
)
from stargan_tf.errors import InputError
from stargan_tf.files import user_path
from stargan_tf.layers.precision import keras_settings
from stargan_tf.models.registry import family
from stargan_tf.native_output import is_quiet, note
from stargan_tf.private_interfaces import random_state_restored, rate_schedule
from stargan_tf.training import checkpoints, resume
from stargan_tf.training.callbacks import (
    LogMetrics,
    PrintProgress,
    SaveCheckpoint,
    StopOnSignal,
)
from stargan_tf.training.checkpoints import BEST_FOLDER, State, load_weights
from stargan_tf.training.config import RunConfig
from stargan_tf.training.metric_log import MetricLog, drop_lines_after
from stargan_tf.training.run_folder import (
    RunFolder,
    find_checkpoint,
    landmarks_of,
    read_config_file,
    versions,
)
from stargan_tf.training.warm_start import warm_start
from stargan_tf.training.workers import agreement, together, worker_batches


def train(config: RunConfig, run: str | Path, accept_changed_data: bool = False) -> Any:
    """Trains a model, or resumes a run.

    Args:
        config: the run's configuration.
        run: the run folder; created if it does not exist.
        accept_changed_data: whether a run may be resumed on data that differ from those
            it was started on.

    Returns:
        The trained model.

    Raises:
        InputError: if the configuration, the data, and the folder do not match.
        KeyboardInterrupt: after a signal, once the checkpoint is written.
    """
    # A signal ends the training between two steps, with a checkpoint.
    with interruption.postponed(), _settings(config):
        return _train(config, RunFolder(user_path(run)), accept_changed_data)


def _train(config: RunConfig, folder: RunFolder, accept_changed_data: bool) -> Any:
    strategy = make_strategy(config.distribute)
    interruption.renew_handlers()
    check_batch_size(strategy, config.batch_size)
    resume.check(folder, config)
    newest = folder.newest()
    known = as_infos(newest[1].datasets) if newest and newest[1].step else ()
    data = open_data(config, known)
    with scope(strategy):
        model = build_model(config, data.label_space)
    # Unsuitable data are reported before a folder is created.
    interruption.abandoned_on_stop(lambda: _batches(config, data, model))
    if is_chief(strategy):
        replicas = strategy.num_replicas_in_sync if strategy else 1
        note(computing_on(this_machine(), replicas, config.precision))
    if not is_chief(strategy):
        with together(model, strategy):
            _train_beside_chief(model, config, data, strategy)
        return model
    evaluation = _evaluation(model, config, data)
    with folder.locked():
        _restore(model, folder, config, data, accept_changed_data)
        with together(model, strategy):
            _train_as_chief(model, folder, config, data, evaluation, strategy)
    return model


def build_model(config: RunConfig, label_space: LabelSpace) -> Any:
    """A compiled model for a configuration, with new weights that the seed determines.

    Global random state is restored afterwards.
    """
    with _settings(config):
        chosen = family(config.family)
        arguments = chosen.model_arguments(config.model_options)
        model = chosen.model_class()(label_space.datasets, **arguments)
        model.compile(
            **config.compile_options,
            **{
                argument: getattr(config, option)
                for option, argument in chosen.compile_from_run.items()
            },
            loss_weights=config.loss_weights,
            seed=config.seed,
            jit_compile=config.jit_compile,
        )
    return model


@contextlib.contextmanager
def _settings(config: RunConfig) -> Iterator[None]:
    """Sets the process-wide state that a run needs, and restores it afterwards."""
    handlers = {number: signal.getsignal(number) for number in interruption.SIGNALS}
    with keras_settings(config.precision), random_state_restored():
        keras.utils.set_random_seed(config.seed)
        if config.deterministic:
            tf.config.experimental.enable_op_determinism()
        try:
            yield
        finally:
            if threading.current_thread() is threading.main_thread():
                # TensorFlow's cluster replaces the handler of SIGTERM behind Python.
                for number, handler in handlers.items():
                    if handler is not None:
                        signal.signal(number, handler)


# === Data ===


@dataclass(frozen=True)
class RunData:
    """The opened data sets of a run, in the order of the configuration.

    Args:
        train: the training images.
        held_out: the images for sample grids and evaluations.
    """

    train: list[LabeledImages]
    held_out: list[LabeledImages]

    @property
    def label_space(self) -> LabelSpace:
        """The label space of a model for these data sets."""
        return LabelSpace([source.info for source in self.train])

    @property
    def counts(self) -> list[int]:
        """Training images of each data set."""
        return [len(source) for source in self.train]

    @cached_property
    def fingerprints(self) -> list[dict[str, Any]]:
        """The fingerprint of each data set, both splits together."""
        return list(map(data_fingerprint, self.train, self.held_out))


def open_data(config: RunConfig, known: Sequence[DatasetInfo] = ()) -> RunData:
    """Opens both splits of every data set.

    Args:
        config: configuration of the run.
        known: the data sets of the run's newest checkpoint. Their intensities are not
            computed again, from images that may have changed.
    """
    intensities = [info.intensity and info.intensity.written() for info in known]
    intensities = intensities or [config.intensity] * len(config.dataset)
    train, held_out = (
        [_open(config, i, split, value) for i, value in enumerate(intensities)]
        for split in SPLITS
    )
    return RunData(train, held_out)


def _open(
    config: RunConfig, number: int, split: str, intensity: str | None
) -> LabeledImages:
    options = config.dataset_options(number) | family(config.family).dataset_options
    if intensity:
        options["intensity"] = intensity
    name = config.dataset[number]
    source = load_dataset(name, split, config.image_size, **options)
    _check_domains(source.info)
    info = replace(source.info, name=config.dataset_names[number])
    return replace(source, info=info)


def _check_domains(info: DatasetInfo) -> None:
    if info.label_type == ONE_HOT and len(info.domains) < 2:
        raise InputError(
            "Training needs at least two domains. Received: data set "
            f"'{info.name}' with {info.domains[0]} only. Add images of another domain; "
            "to translate unlabeled images, use 'stargan-tf translate'."
        )


def _batches(
    config: RunConfig, data: RunData, model: Any, start: int = 0, **options: Any
) -> tf.data.Dataset:
    """The endless training batches of `batch_size` images, beginning at step `start`.

    `options` are further arguments of the family's `batches`.
    """
    chosen = family(config.family)
    for attribute, argument in chosen.batches_from_model.items():
        if (value := getattr(model, attribute)) is not None:
            options[argument] = value
    return pkgutil.resolve_name(chosen.batches)(
        data.train[0] if len(data.train) == 1 else data.train,
        config.batch_size,
        seed=config.seed,
        start_step=start,
        **config.batch_options,
        **options,
    )


# === Start ===


def _restore(
    model: Any,
    folder: RunFolder,
    config: RunConfig,
    data: RunData,
    accept_changed_data: bool,
) -> None:
    """Restores model and folder from the newest checkpoint, or begins a new run.

    A new run keeps the initial weights, or copies those of `init_from`.
    """
    newest = folder.newest()
    # A run that stopped before its first step is started again: its options may have
    # changed.
    if newest and newest[1].step:
        checkpoint, state = newest
        resume.check_same_data(folder, state, data, accept_changed_data)
        resume.check_length(folder, state, config)
        # The model is newly compiled, so that its schedules follow the new --steps.
        load_weights(model, checkpoint / checkpoints.MODEL_FILE)
        note(f"Resuming from step {state.step} ({checkpoint}).")
        before = read_config_file(folder.config).get("steps", config.steps)
        if before != config.steps:
            note(f"--steps was {before}, now {config.steps}. {_rates_text(model)}")
    elif config.init_from:
        source = config.init_from
        if not accept_changed_data:
            resume.check_fingerprints(source, find_checkpoint(source)[1], data)
        note(warm_start(model, source))
    folder.remove_leftovers()
    drop_lines_after(folder.metrics, newest[1].step if newest else 0)
    record = {**config.to_dict(), "versions": versions()}
    files.write_json(folder.config, record, "configuration")
    for name, save in landmarks_of(model).items():
        with files.new_file(folder.path / name, "landmark network") as temporary:
            save(temporary)


def _rates_text(model: Any) -> str:
    """How a new length of the run affects the learning rates."""
    rates = []
    for network in (layer for layer in model.layers if isinstance(layer, keras.Model)):
        optimizer = getattr(model, f"{network.name}_optimizer", None)
        if optimizer is not None and rate_schedule(optimizer):
            rates.append(f"{network.name} {float(optimizer.learning_rate):.3g}")
    if not rates:
        return "The learning rates are constant."
    return (
        "The learning rates follow the new length as if the run had started with it. "
        f"They are now: {', '.join(rates)}."
    )


def _evaluation(model: Any, config: RunConfig, data: RunData) -> Evaluate | None:
    """The callback that evaluates during training; None without `evaluate_every`."""
    if not config.evaluate_every:
        return None
    evaluation = Evaluate(
        data.held_out,
        data.train,
        config.evaluate_every,
        total_steps=config.steps,
        **vars(config.evaluation),
    )
    evaluation.set_model(model)
    return evaluation


# === Training ===


def _train_as_chief(
    model: Any,
    folder: RunFolder,
    config: RunConfig,
    data: RunData,
    evaluation: Evaluate | None,
    strategy: Strategy | None,
) -> None:
    start = int(model.step.numpy())
    if start == config.steps:
        note(f"The run is finished. To extend it, pass --steps larger than {start}.")
        return
    if evaluation:
        interruption.abandoned_on_stop(evaluation.prepare)
    save = SaveCheckpoint(
        folder.checkpoints,
        _description(config, data),
        config.keep_checkpoints,
        config.checkpoint_every,
        config.steps,
        saved_step=start or None,
    )
    stop = StopOnSignal(save, agreement(strategy))
    stop.stop_if_asked(model)
    log = MetricLog(folder.metrics, folder.tensorboard)
    # First, so that no later callback writes values that are not finite.
    callbacks = [StopOnNaN(), LogMetrics(log, config.log_every, config.batch_size)]
    if evaluation:
        evaluation.log = log
        callbacks.append(evaluation)
    if config.best_metric:
        best = folder.checkpoints / BEST_FOLDER
        callbacks.append(KeepBest(best, config.best_metric, save.describe))
    samples = SampleImages(
        folder.samples,
        data.held_out,
        config.sample_every,
        total_steps=config.steps,
        log=log,
    )
    # Samples after the checkpoint: they take long, and may fail on a full disk.
    callbacks += [save, samples]
    if not (sys.stdout.isatty() or is_quiet()):
        callbacks.append(PrintProgress(config.steps))
    callbacks.append(stop)
    _fit(model, config, data, callbacks, strategy)


def _train_beside_chief(
    model: Any, config: RunConfig, data: RunData, strategy: Strategy
) -> None:
    """Training in a worker that is not the chief, which writes no files."""
    if int(model.step.numpy()) == config.steps:  # As the chief.
        return
    stop = StopOnSignal(None, agreement(strategy))
    stop.stop_if_asked(model)
    # Resets the means in step with the chief, since they are averaged over workers.
    log = LogMetrics(None, config.log_every, config.batch_size)
    _fit(model, config, data, [StopOnNaN(), log, stop], strategy)


def _description(config: RunConfig, data: RunData) -> Callable[[int], State]:
    options = config.dataset_options(0) | family(config.family).dataset_options

    def describe(step: int) -> State:
        return State(
            step=step,
            model=config.family,
            datasets=data.label_space.to_list(),
            num_images=data.counts,
            versions=versions(),
            preparation=Preparation.of(options),
            data=data.fingerprints,
        )

    return describe


def _fit(
    model: Any,
    config: RunConfig,
    data: RunData,
    callbacks: Sequence[Any],
    strategy: Strategy | None,
) -> None:
    """Trains to the last step, from checkpoint to checkpoint."""
    # A bar that is redrawn is unreadable in a file; `PrintProgress` prints lines.
    verbose = int(sys.stdout.isatty() and is_chief(strategy) and not is_quiet())
    done = int(model.step.numpy())
    for steps, first_epoch, last_epoch in spans(
        done, config.steps, config.checkpoint_every
    ):
        if has_workers(strategy):  # Each creates its shard of every batch.
            batches = worker_batches(
                strategy, partial(_batches, config, data, model, done)
            )
        else:  # Keras distributes them to the devices of this machine.
            batches = _batches(config, data, model, done)
        model.fit(
            batches,
            steps_per_epoch=steps,
            initial_epoch=first_epoch,
            epochs=last_epoch,
            callbacks=list(callbacks),
            shuffle=False,
            verbose=verbose,
        )
        done += steps * (last_epoch - first_epoch)
        reached = int(model.step.numpy())
        if reached != done:
            # If batches run out, Keras ends an epoch early with only a warning.
            raise RuntimeError(
                f"The training data ended at step {reached}; they must be endless."
            )


def spans(start: int, stop: int, every: int) -> Iterator[tuple[int, int, int]]:
    """Divides steps into calls of `fit` whose epochs end at multiples of `every`.

    Yields:
        (steps per epoch, number of the first epoch from 0, number after the last). All
        whole epochs form one call; an incomplete one before or after them, another.
    """
    while start < stop:
        epoch = start // every
        if start % every or stop - start < every:
            end = min(stop, (epoch + 1) * every)
            yield end - start, epoch, epoch + 1
        else:
            end = stop // every * every
            yield every, epoch, stop // every
        start = end
