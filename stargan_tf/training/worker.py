"""A worker beside the chief: it trains along and writes nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import tensorflow as tf

from stargan_tf.distribution.strategies import Strategy, has_workers
from stargan_tf.distribution.workers import (
    copy_from_chief,
    highest_of_all,
    wait_for_all,
)
from stargan_tf.errors import InputError
from stargan_tf.training.callbacks.checkpoint import StopOnSignal, Stopped
from stargan_tf.training.callbacks.log_metrics import LogMetrics
from stargan_tf.training.callbacks.stop_on_nan import StopOnNaN
from stargan_tf.training.config import RunConfig
from stargan_tf.training.run_data import RunData
from stargan_tf.training.run_epochs import run_epochs


def meet_chief(model: Any, strategy: Strategy | None) -> None:
    """Brings all workers to where the chief stands; it alone has read the folder.

    Args:
        model: of the same configuration on every worker.
        strategy: the run's, or None.
    """
    if has_workers(strategy):
        copy_from_chief(strategy, model.training_state)


@contextmanager
def parting_together(strategy: Strategy | None) -> Iterator[None]:
    """Lets no worker leave before the chief has written its last checkpoint.

    Args:
        strategy: the run's, or None.

    Raises:
        KeyboardInterrupt: in place of `Stopped`, saying what is saved.
    """
    stopped = None
    try:
        yield
    except Stopped as error:
        stopped = error
    if has_workers(strategy):
        wait_for_all(strategy)
    if stopped:
        raise KeyboardInterrupt(f"Step {stopped.step} is saved.")


def agreement(strategy: Strategy | None) -> Callable[[int], int]:
    """What `StopOnSignal` asks the other workers with: all stop after the same step.

    Args:
        strategy: the run's, or None.
    """
    return highest_of_all(strategy) if has_workers(strategy) else int


@contextmanager
def together(strategy: Strategy | None) -> Iterator[None]:
    """Around what workers do together: says so if one of them is lost.

    Args:
        strategy: the run's, or None.

    Raises:
        InputError: in place of TensorFlow's many lines about connections.
    """
    try:
        yield
    except (tf.errors.OpError, RuntimeError) as error:
        if not has_workers(strategy) or not _is_lost(error):
            raise
        raise InputError(
            "Another worker was lost; the last checkpoint is not. Look there for the "
            "cause, then start the same command on every worker again."
        ) from error


def _is_lost(error: Exception) -> bool:
    kinds = (
        tf.errors.UnavailableError,
        tf.errors.AbortedError,
        tf.errors.CancelledError,
        tf.errors.DeadlineExceededError,
        tf.errors.FailedPreconditionError,
    )
    return isinstance(error, kinds) or "Collective ops is aborted" in str(error)


def train_along(
    model: Any, config: RunConfig, data: RunData, strategy: Strategy
) -> None:
    """What a worker does that is not the chief.

    Args:
        model: a fresh, compiled model.
        config: of the run, as the chief's.
        data: its data sets.
        strategy: over several workers.
    """
    # Means start anew where the chief's do: what is logged is of all workers.
    stop = StopOnSignal(None, agreement(strategy))
    log = LogMetrics([], config.log_every, config.batch_size)
    with together(strategy):
        meet_chief(model, strategy)
        with parting_together(strategy):
            stop.stop_if_asked(model)
            run_epochs(model, config, data, [StopOnNaN(), log, stop], strategy)
