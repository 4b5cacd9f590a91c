"""Batches for the workers of one training: each makes its part of every batch."""

from collections.abc import Callable

import tensorflow as tf

from stargan_tf.data.batch_part import BatchPart


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
