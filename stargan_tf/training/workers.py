"""What the workers of one training tell each other besides gradients."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import tensorflow as tf

from stargan_tf.distribution.strategies import Strategy, has_workers
from stargan_tf.errors import InputError
from stargan_tf.training.callbacks import (
    LogMetrics,
    StopOnNaN,
    StopOnSignal,
    Stopped,
)
from stargan_tf.training.config import RunConfig
from stargan_tf.training.run_data import RunData, run_epochs


def copy_from_chief(strategy: tf.distribute.Strategy, variables: Sequence[Any]) -> None:
    """Gives every worker the chief's values, so that only the chief needs the files.

    All workers must call it, with variables of the same shapes in the same order.

    Args:
        strategy: over several workers.
        variables: Keras variables.
    """

    def on_replica(values):
        context = tf.distribute.get_replica_context()
        is_first = tf.equal(context.replica_id_in_sync_group, 0)
        mine = [tf.where(is_first, value, tf.zeros_like(value)) for value in values]
        return [context.all_reduce(tf.distribute.ReduceOp.SUM, one) for one in mine]

    @tf.function(autograph=False)
    def spread():
        return strategy.run(on_replica, args=([v.value for v in variables],))

    for variable, value in zip(variables, spread(), strict=True):
        variable.assign(strategy.experimental_local_results(value)[0])


def highest_of_all(strategy: tf.distribute.Strategy) -> Callable[[int], int]:
    """A function of one number that returns the highest of all workers' numbers.

    Args:
        strategy: over several workers; all of them must call the function.
    """

    def on_replica(number):
        # Collective operations have no maximum: each worker fills a place of its own.
        context = tf.distribute.get_replica_context()
        place = tf.one_hot(
            context.replica_id_in_sync_group, context.num_replicas_in_sync
        )
        total = context.all_reduce(tf.distribute.ReduceOp.SUM, place * number)
        return tf.reduce_max(total)

    @tf.function(autograph=False)
    def spread(number):
        return strategy.run(on_replica, args=(number,))

    def highest(number: int) -> int:
        values = spread(tf.constant(float(number)))
        return int(strategy.experimental_local_results(values)[0])

    return highest


def wait_for_all(strategy: tf.distribute.Strategy) -> None:
    """Returns when every worker has called it: none leaves while another writes.

    Args:
        strategy: over several workers.
    """

    @tf.function(autograph=False)
    def meet():
        return strategy.reduce("SUM", strategy.run(lambda: tf.ones(())), axis=None)

    float(meet())


# A worker beside the chief: it trains along and writes nothing.


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
    log = LogMetrics(None, config.log_every, config.batch_size)
    with together(strategy):
        meet_chief(model, strategy)
        with parting_together(strategy):
            stop.stop_if_asked(model)
            run_epochs(model, config, data, [StopOnNaN(), log, stop], strategy)
