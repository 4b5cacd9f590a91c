"""Several processes that train one model: the chief writes, the others train along."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import tensorflow as tf

from stargan_tf.data.sampling import BatchPart
from stargan_tf.distribution.strategies import Strategy, has_workers
from stargan_tf.errors import InputError
from stargan_tf.training.callbacks import Stopped


@contextmanager
def together(model: Any, strategy: Strategy | None) -> Iterator[None]:
    """Around the training: all workers start where the chief stands and end together.

    None leaves before the chief has written its last checkpoint. With one process only
    `Stopped` is translated.

    Args:
        strategy: the run's, or None.

    Raises:
        KeyboardInterrupt: in place of `Stopped`, saying what is saved.
        InputError: if another worker is lost, in place of TensorFlow's many lines about
            connections.
    """
    several, stopped = has_workers(strategy), None
    try:
        if several:
            _copy_from_chief(strategy, model.training_state)
        try:
            yield
        except Stopped as error:
            stopped = error
        if several:
            _wait_for_all(strategy)
    except (tf.errors.OpError, RuntimeError) as error:
        if not several or not _is_lost(error):
            raise
        raise InputError(
            "Another worker was lost; the last checkpoint is not. Look there for the "
            "cause, then start the same command on every worker again."
        ) from error
    if stopped:
        raise KeyboardInterrupt(f"Step {stopped.step} is saved.")


def agreement(strategy: Strategy | None) -> Callable[[int], int]:
    """What `StopOnSignal` asks the other workers with: all stop after the same step.

    Args:
        strategy: the run's, or None.
    """
    return _highest_of_all(strategy) if has_workers(strategy) else int


def worker_batches(
    strategy: tf.distribute.Strategy,
    make_batches: Callable[..., tf.data.Dataset],
) -> tf.distribute.DistributedDataset:
    """A distributed data set for `fit`; nothing is loaded twice.

    Args:
        make_batches: `part=`, a part of the global batches → endless data set of it.
    """

    def of_worker(context: tf.distribute.InputContext) -> tf.data.Dataset:
        workers = context.num_input_pipelines
        part = BatchPart(context.input_pipeline_id, workers)
        replicas = context.num_replicas_in_sync // workers
        return split_batches(make_batches(part=part), replicas)

    return strategy.distribute_datasets_from_function(of_worker)


def split_batches(batches: tf.data.Dataset, parts: int) -> tf.data.Dataset:
    """Each batch as several, one after another, for a worker's replicas."""
    if parts == 1:
        return batches

    @tf.autograph.experimental.do_not_convert
    def stack(*tensors):
        return tuple(
            tf.reshape(t, (parts, t.shape[0] // parts, *t.shape[1:])) for t in tensors
        )

    return batches.map(stack).unbatch().prefetch(parts)


def _copy_from_chief(
    strategy: tf.distribute.Strategy, variables: Sequence[Any]
) -> None:
    """Gives every worker the chief's values of its Keras variables."""

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


def _highest_of_all(strategy: tf.distribute.Strategy) -> Callable[[int], int]:
    """A function, to be called by all workers, from their numbers to the highest."""

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


def _wait_for_all(strategy: tf.distribute.Strategy) -> None:
    """Returns when every worker has called it: none leaves while another writes."""

    @tf.function(autograph=False)
    def meet():
        return strategy.reduce("SUM", strategy.run(lambda: tf.ones(())), axis=None)

    float(meet())


def _is_lost(error: Exception) -> bool:
    kinds = (
        tf.errors.UnavailableError,
        tf.errors.AbortedError,
        tf.errors.CancelledError,
        tf.errors.DeadlineExceededError,
        tf.errors.FailedPreconditionError,
    )
    return isinstance(error, kinds) or "Collective ops is aborted" in str(error)
