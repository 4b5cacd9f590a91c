"""The batches of a run, for one device or for several."""

from typing import Any

import tensorflow as tf

from stargan_tf.data.batch_part import BatchPart
from stargan_tf.distribution.strategies import Strategy, has_workers
from stargan_tf.distribution.worker_batches import worker_batches
from stargan_tf.training.config import RunConfig
from stargan_tf.training.families.registry import family
from stargan_tf.training.imported import imported
from stargan_tf.training.run_data import RunData


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
    return imported(family(config.model).batches)(
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
