"""The epochs of a run: from checkpoint to checkpoint until its last step."""

import sys
from collections.abc import Sequence
from typing import Any

from stargan_tf.distribution.strategies import Strategy, is_chief
from stargan_tf.training.config import RunConfig
from stargan_tf.training.run_batches import run_batches
from stargan_tf.training.run_data import RunData
from stargan_tf.training.spans import Span, spans


def run_epochs(
    model: Any,
    config: RunConfig,
    data: RunData,
    callbacks: Sequence[Any],
    strategy: Strategy | None,
) -> None:
    """Trains a model to the configuration's last step.

    Args:
        model: compiled, at the step that it goes on from.
        config: of the run.
        data: its data sets.
        callbacks: of every `fit`.
        strategy: the run's, or None.
    """
    start = int(model.step.numpy())
    for span in spans(start, config.steps, config.checkpoint_every):
        _fit(model, span, config, data, callbacks, strategy)


def _fit(
    model: Any,
    span: Span,
    config: RunConfig,
    data: RunData,
    callbacks: Sequence[Any],
    strategy: Strategy | None,
) -> None:
    start = int(model.step.numpy())
    model.fit(
        run_batches(config, data, start, strategy),
        steps_per_epoch=span.steps,
        initial_epoch=span.first_epoch,
        epochs=span.last_epoch,
        callbacks=list(callbacks),
        shuffle=False,
        verbose=_verbosity(strategy),
    )
    reached = int(model.step.numpy())
    if reached != start + span.total_steps:
        # Keras ends an epoch early, with a mere warning, when batches run out.
        raise RuntimeError(f"The data ended at step {reached}; it should be endless.")


def _verbosity(strategy: Strategy | None) -> int:
    if not is_chief(strategy):
        return 0
    # A bar that is redrawn is unreadable in a file.
    return 1 if sys.stdout.isatty() else 2
