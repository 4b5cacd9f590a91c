"""Attention over the output: redraw here, keep the input there."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="stargan_tf")
class Blend(keras.layers.Layer):
    """Mixes a drawn image into the input by a mask that is learned along with it.

    Input: [image (batch, height, width, 3), drawn (batch, height, width, 4)]: three
        channels of colour and one of the mask, before their activations.
    Output: m·tanh(colour) + (1 - m)·image with m = sigmoid(mask), (batch, height,
        width, 3).

    Reference: GANimation (Pumarola et al. 2018), equation 1.
    """

    def call(self, inputs):
        """Blends; see the class."""
        image, drawn = inputs
        mask = ops.sigmoid(drawn[..., 3:])  # (batch, height, width, 1)
        return image + mask * (ops.tanh(drawn[..., :3]) - image)

    def compute_output_shape(self, input_shape):
        """The image's shape."""
        return input_shape[0]
