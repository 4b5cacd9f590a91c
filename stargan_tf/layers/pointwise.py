"""Pointwise layers: an activation, and layers for pixels without data (gaps)."""

import keras
from keras import ops

LARGEST_GAP = -1.05  # Equals that of `stargan_tf.data.intensity`.


@keras.saving.register_keras_serializable(package="stargan_tf")
class LeakyReLU(keras.layers.LeakyReLU):
    """A `keras.layers.LeakyReLU` with faster second derivatives.

    The function is piecewise linear, so its second derivative (for WGAN-GP and R1) is
    zero. TensorFlow propagates these zeros through two more backward passes of the
    discriminator. Here the slope is a constant in the second derivative. Outputs and
    gradients of any order are the same.

    It has the arguments of `keras.layers.LeakyReLU`.
    """

    def call(self, inputs):
        negative_slope = self.negative_slope

        @ops.custom_gradient
        def activated(x):
            y = ops.leaky_relu(x, negative_slope)

            def gradient(*args, upstream=None):
                upstream = args[0] if upstream is None else upstream
                slope = ops.ones((), y.dtype)
                # y has the sign of x and is stored for the next layer anyway, so x
                # need not be stored, or stays inside a fused convolution.
                return upstream * ops.where(y > 0, slope, slope * negative_slope)

            return y, gradient

        return activated(inputs)


@keras.saving.register_keras_serializable(package="stargan_tf")
class FillGaps(keras.layers.Layer):
    """Replaces gaps, pixels without data, by the minimum pixel value, -1.

    Input shape: (batch, height, width, channels). Output shape: the same.
    """

    def call(self, inputs):
        return ops.maximum(inputs, -1.0)


@keras.saving.register_keras_serializable(package="stargan_tf")
class KeepGaps(keras.layers.Layer):
    """Copies the gaps of an image to a generated image, so that losses ignore them.

    Input: [image, generated], each (batch, height, width, channels).
    Output: `generated`, clipped to at least -1, with the pixels of `image` where it has
        gaps; same shape.
    """

    def call(self, inputs):
        image, generated = inputs
        return ops.where(image > LARGEST_GAP, ops.maximum(generated, -1.0), image)

    def compute_output_shape(self, input_shape):
        return input_shape[1]
