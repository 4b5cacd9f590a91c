"""Layers for measured images with gaps: pixels without data, `data.intensity.GAP`."""

import keras
from keras import ops

LARGEST_GAP = -1.05  # That of `stargan_tf.data.intensity`.


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
