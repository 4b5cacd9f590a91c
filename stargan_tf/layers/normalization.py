"""Instance normalization and adaptive instance normalization (AdaIN)."""

import keras
from keras import ops

from stargan_tf.layers.convolution import he_normal
from stargan_tf.layers.precision import at_least_float32

EPSILON = 1e-5  # PyTorch's; Keras' default is 1e-3.


@keras.saving.register_keras_serializable(package="stargan_tf")
class InstanceNormalization(keras.layers.Layer):
    """Normalizes each channel of each image over its pixels.

    Outputs equal those of `keras.layers.GroupNormalization(groups=-1)`, with fewer
    operations: no reshapes, no division, and the variance as mean(d·d), which LiteRT
    can fuse and quantize with half the error. Statistics are always computed from the
    current image, in at least float32.

    Input shape: (batch, height, width, channels). Output shape: the same.
    """

    def build(self, input_shape):
        shape = (input_shape[-1],)
        # No autocast: bfloat16 would round 1.003 to 1.
        self.gamma = self.add_weight(
            shape=shape, initializer="ones", autocast=False, name="gamma"
        )
        self.beta = self.add_weight(
            shape=shape, initializer="zeros", autocast=False, name="beta"
        )

    def call(self, inputs):
        dtype = at_least_float32(self.dtype_policy)
        gamma, beta = (ops.cast(weight, dtype) for weight in (self.gamma, self.beta))
        return normalization(dtype, self.compute_dtype)(inputs, gamma, beta)

    def compute_output_shape(self, input_shape):
        return input_shape


@keras.saving.register_keras_serializable(package="stargan_tf")
class AdaIN(keras.layers.Layer):
    """(1 + γ(s)) · norm(x) + β(s), with γ and β affine functions of the style s.

    Statistics, γ, and β are computed in at least float32, regardless of the policy.

    Input: [x (batch, height, width, channels), style (batch, style_dim)].
    Output shape: that of x.

    Reference: StarGAN v2 (Choi et al. 2020), section 2.1; Huang & Belongie 2017.
    """

    def __init__(self, **kwargs):
        # No autocast, so that the style is not rounded.
        super().__init__(autocast=False, **kwargs)

    def build(self, input_shape):
        x, style = input_shape
        # The first half of the outputs is γ, the second half is β.
        self.affine = keras.layers.Dense(
            2 * x[-1],
            kernel_initializer=he_normal(),
            dtype=at_least_float32(self.dtype_policy),
            name="affine",
        )
        self.affine.build(style)

    def call(self, inputs):
        x, style = inputs
        coefficients = self.affine(style)[:, None, None, :]  # (b, 1, 1, 2c)
        gamma, beta = ops.split(coefficients, 2, axis=-1)
        full = at_least_float32(self.dtype_policy)
        return normalization(full, self.compute_dtype)(x, 1.0 + gamma, beta)

    def compute_output_shape(self, input_shape):
        return input_shape[0]


def normalization(dtype, output_dtype):
    """Returns (x, γ, β) → γ · (x - mean) / √(variance + ε) + β with a custom gradient.

    Automatic differentiation would keep three tensors of the size of the image for the
    backward pass instead of one, and access memory twice as often.

    Args:
        dtype: dtype of the statistics, and of γ and β, which are (channels,), or
            (batch, 1, 1, channels).
        output_dtype: dtype of the result.
    """

    def statistics(x):
        centered = ops.cast(x, dtype)
        centered = centered - ops.mean(centered, axis=(1, 2), keepdims=True)
        variance = ops.mean(centered * centered, axis=(1, 2), keepdims=True)
        return centered, ops.rsqrt(variance + EPSILON)

    @ops.custom_gradient
    def normalized(x, gamma, beta):
        def gradient(*args, upstream=None):
            upstream = ops.cast(args[0] if upstream is None else upstream, dtype)
            centered, scale = statistics(x)
            pixels = ops.cast(ops.shape(x)[1] * ops.shape(x)[2], dtype)
            # Means over the pixels of each image, (b, 1, 1, c). The product of
            # `centered` and `scale` is avoided: TensorFlow would compute it in the
            # forward pass and store it.
            offset = ops.mean(upstream, axis=(1, 2), keepdims=True)
            slope = ops.mean(upstream * centered, axis=(1, 2), keepdims=True) * scale
            to_x = upstream - offset - centered * (scale * slope)
            to_x = to_x * (scale * gamma)
            to_weights = [mean * pixels for mean in (slope, offset)]
            if len(gamma.shape) == 1:  # γ and β are shared by all images.
                to_weights = [ops.sum(sums, axis=(0, 1, 2)) for sums in to_weights]
            return ops.cast(to_x, x.dtype), *to_weights

        centered, scale = statistics(x)
        y = centered * (scale * gamma) + beta
        return ops.cast(y, output_dtype), gradient

    return normalized
