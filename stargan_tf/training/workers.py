"""Training one model in several processes, of which only the chief writes files."""

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
    """Synchronizes all workers with the chief before training, and waits for all after.

    No worker exits before the chief has written its last checkpoint. With a single
    process, this only translates `Stopped`.

    Args:
        model: the model to train.
        strategy: the run's strategy, or None.

    Raises:
        KeyboardInterrupt: for `Stopped`, with the saved step.
        InputError: if another worker was lost.
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
            "The connection to another worker was lost; the last checkpoint is intact. "
            "Fix the cause on that worker, then run the same command on all workers."
        ) from error
    if stopped:
        raise KeyboardInterrupt(f"Step {stopped.step} is saved.")


def agreement(strategy: Strategy | None) -> Callable[[int], int]:
    """The function by which workers agree on a signal, to stop after the same step.

    Args:
        strategy: the run's strategy, or None.

    Returns:
        The number of this worker's signal, 0 for none → the highest of all workers.
    """
    return _highest_of_all(strategy) if has_workers(strategy) else int


def worker_batches(
    strategy: tf.distribute.Strategy,
    make_batches: Callable[..., tf.data.Dataset],
) -> tf.distribute.DistributedDataset:
    """A distributed data set for `fit`, in which no image is loaded twice.

    Args:
        strategy: a strategy with several workers.
        make_batches: takes `part=`, the `BatchPart` of a worker, and returns an endless
            data set of it.
    """

    def of_worker(context: tf.distribute.InputContext) -> tf.data.Dataset:
        workers = context.num_input_pipelines
        part = BatchPart(context.input_pipeline_id, workers)
        replicas = context.num_replicas_in_sync // workers
        return split_batches(make_batches(part=part), replicas)

    return strategy.distribute_datasets_from_function(of_worker)


def split_batches(batches: tf.data.Dataset, parts: int) -> tf.data.Dataset:
    """Splits each batch into consecutive ones for a worker's replicas."""
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
    """Copies the values of Keras variables from the chief to every worker."""

    def on_replica(values):
        context = tf.distribute.get_replica_context()
        is_first = tf.equal(context.replica_id_in_sync_group, 0)
        mine = [tf.where(is_first, value, tf.zeros_like(value)) for value in values]
        return [context.all_reduce(tf.distribute.ReduceOp.SUM, v) for v in mine]

    @tf.function(autograph=False)
    def broadcast():
        return strategy.run(on_replica, args=([v.value for v in variables],))

    for variable, value in zip(variables, broadcast(), strict=True):
        variable.assign(strategy.experimental_local_results(value)[0])


def _highest_of_all(strategy: tf.distribute.Strategy) -> Callable[[int], int]:
    """A function that, called by all workers, returns their highest number."""

    def on_replica(number):
        # Collective operations have no maximum: each worker fills its own position.
        context = tf.distribute.get_replica_context()
        place = tf.one_hot(
            context.replica_id_in_sync_group, context.num_replicas_in_sync
        )
        total = context.all_reduce(tf.distribute.ReduceOp.SUM, place * number)
        return tf.reduce_max(total)

    @tf.function(autograph=False)
    def exchange(number):
        return strategy.run(on_replica, args=(number,))

    def highest(number: int) -> int:
        values = exchange(tf.constant(float(number)))
        return int(strategy.experimental_local_results(values)[0])

    return highest


def _wait_for_all(strategy: tf.distribute.Strategy) -> None:
    """Returns when every worker has called it, so that none exits too early."""

    @tf.function(autograph=False)
    def meet():
        return strategy.reduce("SUM", strategy.run(lambda: tf.ones(())), axis=None)

    float(meet())


def _is_lost(error: Exception) -> bool:
    lost = (
        tf.errors.UnavailableError,
        tf.errors.AbortedError,
        tf.errors.CancelledError,
        tf.errors.DeadlineExceededError,
        tf.errors.FailedPreconditionError,
    )
    return isinstance(error, lost) or "Collective ops is aborted" in str(error)
