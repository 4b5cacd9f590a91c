"""Stops at the first loss that is no number, before it reaches a checkpoint."""

import math

import keras
import numpy as np

from stargan_tf.errors import InputError
from stargan_tf.training.callbacks.step_callback import StepCallback


class TrainingDiverged(InputError):
    """A loss or a weight became NaN or infinite."""


class StopOnNaN(StepCallback):
    """Raises `TrainingDiverged` at the first step with a loss that is not finite.

    It must stand before the callbacks that write: the running means that it looks
    at are reset after each logged step, and the checkpoint comes after it. (Keras'
    `TerminateOnNaN` looks at `loss` only, and stops after the others have written.)
    """

    def on_step(self, logs):
        """Looks at every value; Keras has read them from the device already."""
        broken = {n: value for n, value in logs.items() if not math.isfinite(value)}
        if broken:
            words = [f"{name} became {value}" for name, value in broken.items()]
            raise diverged(", ".join(words), self.step)


def check_weights(model: keras.Model, step: int) -> None:
    """Refuses weights that must not become a checkpoint.

    Args:
        model: the model in training.
        step: its step.

    Raises:
        TrainingDiverged: naming the first weight that is not finite.
    """
    for variable in model.trainable_variables:
        if not np.all(np.isfinite(variable.numpy())):
            raise diverged(f"the weight {variable.path} is not finite", step)


def diverged(what: str, step: int) -> TrainingDiverged:
    """The error with its advice.

    Args:
        what: such as `"d_loss became nan"`.
        step: the step at which it was seen.
    """
    return TrainingDiverged(
        f"Training diverged: {what} at step {step}. Nothing of it was saved; the last "
        "checkpoint is sound. The same command would repeat it: start another --run "
        "with a lower --learning_rate, a higher --gradient_penalty, or "
        "--precision float32."
    )
