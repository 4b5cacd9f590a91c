"""What the workers of one training tell each other besides gradients."""

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf


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
