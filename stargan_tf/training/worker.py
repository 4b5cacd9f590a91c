"""A worker beside the chief: it trains along and writes nothing."""

from typing import Any

from stargan_tf.distribution.strategies import Strategy, has_workers
from stargan_tf.distribution.workers import copy_from_chief, wait_for_all
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


def part_together(strategy: Strategy | None) -> None:
    """Lets no worker leave before the chief has written its last checkpoint.

    Args:
        strategy: the run's, or None.
    """
    if has_workers(strategy):
        wait_for_all(strategy)


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
    meet_chief(model, strategy)
    # Means start anew where the chief's do: what is logged is of all workers.
    callbacks = [StopOnNaN(), LogMetrics([], config.log_every, config.batch_size)]
    run_epochs(model, config, data, callbacks, strategy)
    part_together(strategy)
