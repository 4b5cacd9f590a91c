"""Layers of single pixels: an activation, and gaps in measured images."""

import keras
from keras import ops

LARGEST_GAP = -1.05  # That of `stargan_tf.data.intensity`.


@keras.saving.register_keras_serializable(package="stargan_tf")
class LeakyReLU(keras.layers.LeakyReLU):
    """`keras.layers.LeakyReLU` whose slope is a constant to a gradient's gradient.

    It is piecewise linear: a gradient's gradient (WGAN-GP, R1) does not flow back
    through the choice of the piece. TensorFlow sends zeros there, and so computes two
    more backward passes of the discriminator, with a gradient of all its weights, for
    nothing. Outputs and gradients of any order are the same.

    Takes the arguments of `keras.layers.LeakyReLU`.
    """

    def call(self, inputs):
        negative_slope = self.negative_slope

        @ops.custom_gradient
        def activated(x):
            y = ops.leaky_relu(x, negative_slope)

            def gradient(*args, upstream=None):
                upstream = args[0] if upstream is None else upstream
                one = ops.ones((), y.dtype)
                # y has the sign of x. It is kept for the next layer anyway, while x
                # can then be forgotten, or never leave a fused convolution.
                return upstream * ops.where(y > 0, one, one * negative_slope)

            return y, gradient

        return activated(inputs)


@keras.saving.register_keras_serializable(package="stargan_tf")
class FillGaps(keras.layers.Layer):
    """What a network sees of an image with gaps: the smallest value in them.

    Input shape: (batch, height, width, channels). Output shape: the same.
    """

    def call(self, inputs):
        return ops.maximum(inputs, -1.0)


@keras.saving.register_keras_serializable(package="stargan_tf")
class KeepGaps(keras.layers.Layer):
    """Leaves the gaps of an image as they are, so that no loss sees a difference there.

    Input: [image, drawn], each (batch, height, width, channels).
    Output: `drawn`, at least -1, and the image where that has gaps, of the same shape.
    """

    def call(self, inputs):
        image, drawn = inputs
        return ops.where(image > LARGEST_GAP, ops.maximum(drawn, -1.0), image)

    def compute_output_shape(self, input_shape):
        return input_shape[1]
