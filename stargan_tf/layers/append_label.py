"""Conditioning by label: the label as constant image channels."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="stargan_tf")
class AppendLabel(keras.layers.Layer):
    """Appends every label entry to the image as a channel of that value.

    The label is spread by a broadcast product, not by tiling: mobile delegates
    refuse Tile.

    Input: [image (batch, height, width, channels), label (batch, width_of_label)].
    Output shape: (batch, height, width, channels + width_of_label).

    Reference: StarGAN (Choi et al. 2018), section 3.1, "spatially replicated".
    """

    def call(self, inputs):
        """Concatenates; see the class."""
        image, label = inputs
        planes = ops.ones_like(image[..., :1]) * label[:, None, None, :]  # (b, h, w, c)
        return ops.concatenate([image, planes], axis=-1)

    def compute_output_shape(self, input_shape):
        """Channels grow by the label's width."""
        image, label = input_shape
        return (*image[:-1], image[-1] + label[-1])
