"""Adam as both papers' code ran it."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="stargan_tf")
class TorchAdam(keras.optimizers.Adam):
    """Adam with epsilon where Kingma & Ba's algorithm 1 and PyTorch have it.

    Keras adds epsilon to the uncorrected √v ("epsilon hat"), which at the first
    update acts like an epsilon 32 times larger: weights with small gradients then
    move less than the official code's. Here it is added to the corrected √v̂.

    Takes the arguments of `keras.optimizers.Adam` (without amsgrad); epsilon
    defaults to PyTorch's 1e-8. In addition:

    Args:
        l2: what PyTorch's Adam calls weight decay: l2 · w joins the gradient of
            every variable, biases included, and so passes through the moments.
            (Keras' `weight_decay` shrinks the weights past the moments.)

    Reference: Kingma & Ba 2014, https://arxiv.org/abs/1412.6980, algorithm 1.
    """

    def __init__(
        self, learning_rate=1e-4, beta_1=0.5, beta_2=0.999, epsilon=1e-8, l2=0.0, **kw
    ):
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **kw)
        self.l2 = l2

    def update_step(self, gradient, variable, learning_rate):
        """Moves one variable; called by Keras for each."""
        rate = ops.cast(learning_rate, variable.dtype)
        gradient = ops.cast(gradient, variable.dtype)
        if self.l2:
            gradient = gradient + self.l2 * variable
        step = ops.cast(self.iterations + 1, variable.dtype)
        bias_1 = 1.0 - ops.power(ops.cast(self.beta_1, variable.dtype), step)
        root_2 = ops.sqrt(1.0 - ops.power(ops.cast(self.beta_2, variable.dtype), step))
        index = self._get_variable_index(variable)
        m, v = self._momentums[index], self._velocities[index]
        self.assign_add(m, (gradient - m) * (1.0 - self.beta_1))
        self.assign_add(v, (ops.square(gradient) - v) * (1.0 - self.beta_2))
        # m̂ / (√v̂ + ε), with the corrections moved into scalars.
        change = m * (rate * root_2 / bias_1) / (ops.sqrt(v) + self.epsilon * root_2)
        self.assign_sub(variable, change)

    def get_config(self):
        """Constructor arguments."""
        return {**super().get_config(), "l2": self.l2}
