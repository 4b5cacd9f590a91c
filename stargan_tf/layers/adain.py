"""Adaptive instance normalisation: where the style enters the image."""

import keras
from keras import ops

from stargan_tf.layers.he_initialised import he_dense
from stargan_tf.layers.instance_normalization import normalization
from stargan_tf.precision import at_least_float32

EPSILON = 1e-5


@keras.saving.register_keras_serializable(package="stargan_tf")
class AdaIN(keras.layers.Layer):
    """(1 + γ(s)) · norm(x) + β(s), with γ and β affine functions of the style s.

    Statistics, γ and β are computed in at least float32 whatever the policy.

    Input: [x (batch, height, width, channels), style (batch, style_dim)].
    Output shape: that of x.

    Reference: StarGAN v2 (Choi et al. 2020), section 2.1; Huang & Belongie 2017.
    """

    def __init__(self, **kwargs):
        # No autocast: the style is not rounded before it is used.
        super().__init__(autocast=False, **kwargs)

    def build(self, input_shape):
        """Creates the affine function, γ's rows first."""
        x, style = input_shape
        full = at_least_float32(self.dtype_policy)
        self.affine = he_dense(2 * x[-1], dtype=full, name="affine")
        self.affine.build(style)

    def call(self, inputs):
        """Normalizes; see the class."""
        x, style = inputs
        coefficients = self.affine(style)[:, None, None, :]  # (b, 1, 1, 2c)
        gamma, beta = ops.split(coefficients, 2, axis=-1)
        full = at_least_float32(self.dtype_policy)
        norm = normalization(EPSILON, full, self.compute_dtype)
        return norm(x, 1.0 + gamma, beta)

    def compute_output_shape(self, input_shape):
        """The image's shape."""
        return input_shape[0]
