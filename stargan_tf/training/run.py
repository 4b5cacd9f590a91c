"""A training run: configuration → data and model → `fit` → checkpoints and pictures."""

import contextlib
import pkgutil
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from stargan_tf import files, interruption
from stargan_tf.data.labels import LabelSpace
from stargan_tf.data.options import Preparation
from stargan_tf.distribution.devices import computing_on, this_machine
from stargan_tf.distribution.strategies import (
    Strategy,
    check_batch_size,
    is_chief,
    make_strategy,
    scope,
)
from stargan_tf.files import user_path
from stargan_tf.layers.precision import keras_settings
from stargan_tf.models.registry import family
from stargan_tf.private_interfaces import random_state_restored
from stargan_tf.training import checkpoints, resume
from stargan_tf.training.callbacks import (
    LogMetrics,
    SampleSchedule,
    SaveCheckpoint,
    StopOnNaN,
    StopOnSignal,
)
from stargan_tf.training.checkpoints import BestCheckpoint, State, load_weights
from stargan_tf.training.config import RunConfig
from stargan_tf.training.metric_log import MetricLog, drop_lines_after
from stargan_tf.training.run_data import (
    Evaluate,
    RunData,
    RunEvaluation,
    global_batches,
    open_data,
    run_epochs,
)
from stargan_tf.training.run_folder import RunFolder, find_checkpoint, versions
from stargan_tf.training.warm_start import warm_start
from stargan_tf.training.workers import (
    agreement,
    meet_chief,
    parting_together,
    together,
    train_along,
)


def train(config: RunConfig, run: str | Path, accept_changed_data: bool = False) -> Any:
    """Trains, or resumes where the run stopped.

    Args:
        config: what to do; see `training.resolve.resolve`.
        run: the run folder, new or of an earlier call with the same configuration
            (only `FREE_OPTIONS` may differ).
        accept_changed_data: whether a run is resumed, or started from another model
            (`init_from`), although its data is no longer what that was trained on.

    Returns:
        The trained model.

    Raises:
        InputError: configuration, data or folder do not fit; the folder is then as
            it was. Also if the training diverges or the disk is full; the last
            checkpoint is then untouched.
    """
    # A signal ends the training between two steps, with a checkpoint.
    with interruption.postponed(), _settings(config):
        return _train(config, RunFolder(user_path(run)), accept_changed_data)


def _train(config: RunConfig, folder: RunFolder, accept_changed_data: bool) -> Any:
    strategy = make_strategy(config.distribute)
    interruption.renew_handlers()
    check_batch_size(strategy, config.batch_size)
    resume.check(folder, config)
    data = open_data(config)
    # Data that does not fit is told before a folder is made.
    interruption.abandoned_on_stop(lambda: global_batches(config, data))
    if is_chief(strategy):
        replicas = strategy.num_replicas_in_sync if strategy else 1
        print(computing_on(this_machine(), replicas, config.precision))
    with scope(strategy):
        model = build_model(config, data.label_space)
    if not is_chief(strategy):
        train_along(model, config, data, strategy)
        return model
    evaluation = _evaluation(model, config, data)
    with folder.locked():
        _restore(model, folder, config, data, accept_changed_data)
        with together(strategy):
            meet_chief(model, strategy)
            with parting_together(strategy):
                _fit(model, folder, config, data, evaluation, strategy)
    return model


def build_model(config: RunConfig, label_space: LabelSpace) -> Any:
    """A compiled model as the configuration describes it, with fresh weights.

    The seed decides the weights; what is set for it is as before afterwards.

    Args:
        config: the run's configuration.
        label_space: of the data it will be trained on.

    Raises:
        InputError: if the model's options do not fit each other or the image size.
    """
    with _settings(config):
        chosen = family(config.model)
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
    """All that is set for the whole process, as a run needs it; then as it was."""
    handlers = {number: signal.getsignal(number) for number in interruption.SIGNALS}
    with keras_settings(config.precision), random_state_restored():
        keras.utils.set_random_seed(config.seed)
        if config.deterministic:
            tf.config.experimental.enable_op_determinism()
        try:
            yield
        finally:
            if threading.current_thread() is threading.main_thread():
                # TensorFlow's cluster replaced that of SIGTERM, unknown to Python.
                for number, handler in handlers.items():
                    if handler is not None:
                        signal.signal(number, handler)


def _restore(
    model: Any,
    folder: RunFolder,
    config: RunConfig,
    data: RunData,
    accept_changed_data: bool,
) -> None:
    """Brings model and folder to the newest checkpoint, or to the start.

    The start is fresh weights, or those of another model.
    """
    newest = folder.newest()
    # A run stopped before its first step begins anew: the weights are the same, and
    # the options may be others.
    if newest and newest[1].step:
        checkpoint, state = newest
        resume.check_same_data(folder, state, data, accept_changed_data)
        resume.check_length(folder, state, config)
        # Into a freshly compiled model: its schedules follow the new --steps.
        load_weights(model, checkpoint / checkpoints.MODEL_FILE)
        print(f"Going on from step {state.step} ({checkpoint}).")
    elif config.init_from:
        source = user_path(config.init_from)
        if not accept_changed_data:
            resume.check_fingerprints(source, find_checkpoint(source)[1], data)
        print(warm_start(model, source))
    folder.remove_leftovers()
    drop_lines_after(folder.metrics, newest[1].step if newest else 0)
    record = {**config.to_dict(), "versions": versions()}
    files.write_json(folder.config, record, "configuration")


def _evaluation(model: Any, config: RunConfig, data: RunData) -> RunEvaluation | None:
    """What the run measures, with the networks that takes; None for nothing."""
    if not config.evaluate_every:
        return None
    steered = family(config.model).translated_by
    return RunEvaluation(model, steered, data, config.evaluation)


def _fit(
    model: Any,
    folder: RunFolder,
    config: RunConfig,
    data: RunData,
    evaluation: RunEvaluation | None,
    strategy: Strategy | None,
) -> None:
    start = int(model.step.numpy())
    if start == config.steps:
        print(f"The run is finished. Pass --steps larger than {start} to go on.")
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
    callbacks = _callbacks(folder, config, data, evaluation, save)
    run_epochs(model, config, data, [*callbacks, stop], strategy)


def _description(config: RunConfig, data: RunData) -> Callable[[int], State]:
    options = config.dataset_options(0) | family(config.model).dataset_options

    def describe(step: int) -> State:
        return State(
            step=step,
            model=config.model,
            datasets=data.label_space.to_list(),
            num_images=data.counts,
            versions=versions(),
            preparation=Preparation.of(options),
            data=data.fingerprints,
        )

    return describe


def _callbacks(
    folder: RunFolder,
    config: RunConfig,
    data: RunData,
    evaluation: RunEvaluation | None,
    save: SaveCheckpoint,
) -> list[Any]:
    log = MetricLog(folder.metrics, folder.tensorboard)
    sampler = pkgutil.resolve_name(family(config.model).sampler)
    schedule = SampleSchedule(folder.samples, log, config.sample_every, config.steps)
    steps = (config.evaluate_every, config.steps)
    best = None
    if config.best_metric:
        best = BestCheckpoint(folder.checkpoints, config.best_metric, save.describe)
    return [
        # First: what comes after it must not write what is not finite.
        StopOnNaN(),
        LogMetrics(log, config.log_every, config.batch_size),
        *([Evaluate(evaluation, log, *steps, best)] if evaluation else []),
        save,
        # After the checkpoint: drawing takes long, and may fail on a full disk.
        sampler(schedule, data.held_out),
    ]
