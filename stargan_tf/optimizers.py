"""Adam as in both papers' code, and StarGAN v1's learning-rate schedules."""

import keras
from keras import ops

from stargan_tf.errors import InputError, check_choice
from stargan_tf.private_interfaces import (
    AdamWithSharedScalars,
    moments,
    rate_schedule,
)

OFFICIAL_INTERVAL = 1000


@keras.saving.register_keras_serializable(package="stargan_tf")
class TorchAdam(AdamWithSharedScalars):
    """Adam with epsilon as in Kingma & Ba's algorithm 1 and in PyTorch.

    Keras adds epsilon to the uncorrected √v ("epsilon hat"), which in the first update
    acts like an epsilon 32 times larger: weights with small gradients change less than
    in the official code. This class adds it to the corrected √v̂.

    It takes the arguments of `keras.optimizers.Adam` except `amsgrad`; epsilon defaults
    to PyTorch's 1e-8.

    Args:
        l2: the weight decay of PyTorch's Adam: l2 · w is added to the gradient of every
            variable, including biases, before the moments. (Keras' `weight_decay` is
            decoupled from the moments.)

    Raises:
        InputError: for `amsgrad=True`.

    Reference: Kingma & Ba 2014, https://arxiv.org/abs/1412.6980, algorithm 1.
    """

    def __init__(
        self, learning_rate=1e-4, beta_1=0.5, beta_2=0.999, epsilon=1e-8, l2=0.0, **kw
    ):
        if kw.get("amsgrad"):
            raise InputError(
                "TorchAdam has no amsgrad variant. Received: amsgrad=True. "
                "Use keras.optimizers.Adam(amsgrad=True)."
            )
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **kw)
        self.l2 = l2

    def _shared_scalars(self, learning_rate, dtype):
        """(rate · √(1 - β₂ᵗ) / (1 - β₁ᵗ), ε · √(1 - β₂ᵗ)): see `update_step`."""
        step = ops.cast(self.iterations + 1, dtype)
        bias_1 = 1.0 - ops.power(ops.cast(self.beta_1, dtype), step)
        root_2 = ops.sqrt(1.0 - ops.power(ops.cast(self.beta_2, dtype), step))
        return ops.cast(learning_rate, dtype) * root_2 / bias_1, self.epsilon * root_2

    def update_step(self, gradient, variable, learning_rate):
        """Updates one variable; called by Keras.

        Args:
            gradient: gradient of the variable.
            variable: a trainable variable.
            learning_rate: rate and epsilon, both bias-corrected.
        """
        rate, epsilon = (ops.cast(scalar, variable.dtype) for scalar in learning_rate)
        gradient = ops.cast(gradient, variable.dtype)
        if self.l2:
            gradient = gradient + self.l2 * variable
        m, v = moments(self, variable)
        if keras.backend.backend() == "tensorflow":
            self._update_in_one_pass(variable, m, v, gradient, rate, epsilon)
            return
        self.assign_add(m, (gradient - m) * (1.0 - self.beta_1))
        self.assign_add(v, (ops.square(gradient) - v) * (1.0 - self.beta_2))
        # m̂ / (√v̂ + ε), with the bias corrections in the scalars.
        self.assign_sub(variable, m * rate / (ops.sqrt(v) + epsilon))

    def _update_in_one_pass(self, variable, m, v, gradient, rate, epsilon):
        """The same with TensorFlow's kernel, which reads and writes each number once.

        Separate operations are memory-bound and take three times longer. `variable` is
        a `tf.Variable`, or a replica's copy of one.
        """
        import tensorflow as tf

        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=m.value.handle,
            v=v.value.handle,
            # Powers of zero, since rate and epsilon are already corrected.
            beta1_power=tf.zeros_like(rate),
            beta2_power=tf.zeros_like(rate),
            lr=rate,
            beta1=tf.cast(self.beta_1, variable.dtype),
            beta2=tf.cast(self.beta_2, variable.dtype),
            epsilon=epsilon,
            grad=gradient,
        )

    def get_config(self):
        """Constructor arguments."""
        return {**super().get_config(), "l2": self.l2}


def copy_moments(source, target):
    """Copies the state of an optimizer to that of an equal network.

    Args:
        source: the optimizer to copy, or None.
        target: a built optimizer.

    Returns:
        Whether it was copied: only for two `TorchAdam` without schedules, which the
        copied number of updates would put at their end.
    """
    for optimizer in (source, target):
        if not isinstance(optimizer, TorchAdam) or rate_schedule(optimizer):
            return False
    for old, new in zip(source.variables, target.variables, strict=True):
        if new is not target.learning_rate:
            new.assign(old)
    return True


@keras.saving.register_keras_serializable(package="stargan_tf")
class LinearDecay(keras.optimizers.schedules.LearningRateSchedule):
    """Constant for the first half of training, then decreasing linearly.

    Paper and official code differ:

    - `"paper"`: linear to zero over the second half.
    - `"official"`: as in the released code, which subtracts 1/(decay steps) only once
      every 1000 steps, so that the rate hardly changes (9.99e-5 instead of 0 after
      200,000 steps).

    Args:
        initial_learning_rate: rate in the first half.
        total_steps: length of the training in steps.
        kind: `"paper"` or `"official"`.
        steps_per_update: training steps per update of the optimizer that uses the
            schedule: 1 for the critic, `critic_steps` for the generator.

    Raises:
        InputError: for any other `kind`.

    Reference: StarGAN (Choi et al. 2018), section 5 "Training".
    """

    def __init__(
        self, initial_learning_rate, total_steps, kind="paper", steps_per_update=1
    ):
        check_choice("kind", kind, ("paper", "official"))
        self.initial_learning_rate = initial_learning_rate
        self.total_steps = total_steps
        self.kind = kind
        self.steps_per_update = steps_per_update

    def __call__(self, step):
        """The learning rate for update `step` of the optimizer, from 0."""
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


def decaying_adam(learning_rate, kind, total_steps, steps_per_update=1, **kwargs):
    """Creates a `TorchAdam` whose learning rate follows a `LinearDecay`.

    Args:
        learning_rate: initial learning rate.
        kind: kind of the decay, or `"none"` for a constant rate.
        total_steps: length of the training in steps.
        steps_per_update: training steps per update of the optimizer.
        **kwargs: further arguments of `TorchAdam`.

    Returns:
        The optimizer.
    """
    if kind != "none":
        learning_rate = LinearDecay(learning_rate, total_steps, kind, steps_per_update)
    return TorchAdam(learning_rate, **kwargs)


class SharedLearningRate:
    """`model.optimizer`: the learning rate of all networks, for Keras' callbacks.

    `learning_rate` is that of the first network. Setting it ends all schedules: the
    rate stays constant, and the other networks' rates keep their ratio to it from when
    the model was compiled. (A rate that was 0 then, as before a warm-up, is set equal.)

    Args:
        optimizers: of the networks; schedules are replaced by ones that can end.
        step: the model's step variable.
    """

    built = True  # For BackupAndRestore.

    def __init__(self, optimizers, step):
        self.iterations = step
        self._optimizers = optimizers
        rates = [float(ops.convert_to_numpy(o.learning_rate)) for o in optimizers]
        self._ratios = [rate / rates[0] if rate and rates[0] else 1.0 for rate in rates]
        # Negative: nothing was set.
        self.replacement = keras.Variable(
            -1.0,
            trainable=False,
            aggregation="only_first_replica",
            name="replacement",
        )
        for optimizer, ratio in zip(optimizers, self._ratios, strict=True):
            if schedule := rate_schedule(optimizer):
                optimizer.learning_rate = _UntilReplaced(
                    schedule, self.replacement, ratio
                )

    @property
    def learning_rate(self):
        """The current rate of the first network, a scalar."""
        return ops.convert_to_tensor(self._optimizers[0].learning_rate)

    @learning_rate.setter
    def learning_rate(self, rate):
        if callable(rate) or not float(rate) >= 0.0:
            raise InputError(
                "model.optimizer.learning_rate must be a number of at least 0. "
                f"Received: {rate!r}. Pass schedules in the optimizers of compile()."
            )
        rate = float(rate)
        self.replacement.assign(rate)
        for optimizer, ratio in zip(self._optimizers, self._ratios, strict=True):
            if not rate_schedule(optimizer):
                optimizer.learning_rate = rate * ratio


@keras.saving.register_keras_serializable(package="stargan_tf")
class _UntilReplaced(keras.optimizers.schedules.LearningRateSchedule):
    """A schedule that applies while the variable `replacement` is negative."""

    def __init__(self, schedule, replacement, ratio):
        self.schedule, self.replacement, self.ratio = schedule, replacement, ratio

    def __call__(self, step):
        rate = ops.convert_to_tensor(self.schedule(step))
        replacement = ops.cast(self.replacement, rate.dtype)
        return ops.where(replacement < 0, rate, replacement * self.ratio)

    def get_config(self):
        return {"schedule": keras.saving.serialize_keras_object(self.schedule)}

    @classmethod
    def from_config(cls, config):
        """The original schedule: a copy of the optimizer belongs to no model yet."""
        return keras.saving.deserialize_keras_object(config["schedule"])
