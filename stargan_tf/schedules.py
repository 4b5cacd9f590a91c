"""Learning-rate schedules of StarGAN v1, by name."""

import keras
from keras import ops

from stargan_tf.errors import InputError

OFFICIAL_INTERVAL = 1000


@keras.saving.register_keras_serializable(package="stargan_tf")
class LinearDecay(keras.optimizers.schedules.LearningRateSchedule):
    """Constant for the first half of training, then straight down.

    The two published descriptions differ:

    - `"paper"`: linear to zero over the second half.
    - `"official"`: what the released code does. It means the same, but takes off
      1/(decay steps) only once every 1000 steps, so that the rate hardly moves
      (9.99e-5 instead of 0 after 200,000 steps).

    Args:
        initial_learning_rate: rate of the first half.
        total_steps: length of the training in steps (batches seen).
        kind: `"paper"` or `"official"`.
        steps_per_update: training steps per update of the optimizer that uses the
            schedule: 1 for the critic, `critic_steps` for the generator.

    Raises:
        InputError: for another `kind`.

    Reference: StarGAN (Choi et al. 2018), section 5 "Training".
    """

    def __init__(
        self, initial_learning_rate, total_steps, kind="paper", steps_per_update=1
    ):
        if kind not in ("paper", "official"):
            raise InputError(
                f"kind must be 'paper' or 'official'. Received: kind={kind!r}"
            )
        self.initial_learning_rate = initial_learning_rate
        self.total_steps = total_steps
        self.kind = kind
        self.steps_per_update = steps_per_update

    def __call__(self, step):
        """Rate for the optimizer's update number `step` (from 0)."""
        step = ops.cast(step, "float32") * self.steps_per_update
        start = self.total_steps // 2
        decay_steps = max(1, self.total_steps - start)
        if self.kind == "official":
            done = ops.floor(step / OFFICIAL_INTERVAL) - start // OFFICIAL_INTERVAL
        else:
            done = step - start
        share = ops.clip(ops.cast(done, "float32") / decay_steps, 0.0, 1.0)
        return self.initial_learning_rate * (1.0 - share)

    def get_config(self):
        """Constructor arguments."""
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "total_steps": self.total_steps,
            "kind": self.kind,
            "steps_per_update": self.steps_per_update,
        }
