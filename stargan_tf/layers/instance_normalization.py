"""Instance normalisation, the normalisation of both StarGAN generators."""

import keras
from keras import ops

from stargan_tf.precision import at_least_float32


@keras.saving.register_keras_serializable(package="stargan_tf")
class InstanceNormalization(keras.layers.Layer):
    """Normalises each channel of each image over its pixels.

    The same numbers as `keras.layers.GroupNormalization(groups=-1)`, in fewer
    operations: no reshapes and no division, and the variance as mean(d·d), which
    keeps LiteRT files fused and quantises with half the error. Statistics are
    always those of the image at hand, in at least float32.

    Args:
        epsilon: added to the variance; 1e-5 as PyTorch's (Keras' default is 1e-3).
        affine: whether to learn a scale and an offset per channel.

    Input shape: (batch, height, width, channels). Output shape: the same.
    """

    def __init__(self, epsilon=1e-5, affine=True, **kwargs):
        super().__init__(**kwargs)
        self.epsilon = epsilon
        self.affine = affine

    def build(self, input_shape):
        """Creates `gamma` (ones) and `beta` (zeros) of shape (channels,)."""
        if self.affine:
            shape = (input_shape[-1],)
            self.gamma = self.add_weight(shape=shape, initializer="ones", name="gamma")
            self.beta = self.add_weight(shape=shape, initializer="zeros", name="beta")

    def call(self, inputs):
        """Normalises; see the class."""
        dtype = at_least_float32(self.dtype_policy)
        x = ops.cast(inputs, dtype)
        centred = x - ops.mean(x, axis=(1, 2), keepdims=True)
        variance = ops.mean(centred * centred, axis=(1, 2), keepdims=True)
        scale = ops.rsqrt(variance + self.epsilon)
        if not self.affine:
            return ops.cast(centred * scale, self.compute_dtype)
        gamma, beta = (ops.cast(w, dtype) for w in (self.gamma, self.beta))
        return ops.cast(centred * (scale * gamma) + beta, self.compute_dtype)

    def compute_output_shape(self, input_shape):
        """The input's shape."""
        return input_shape

    def get_config(self):
        """Constructor arguments."""
        config = {"epsilon": self.epsilon, "affine": self.affine}
        return {**super().get_config(), **config}
