"""What StarGAN v2's style encoder and discriminator share: image → features."""

import keras
from keras import ops

from stargan_tf.layers.down_residual_block import DownResidualBlock
from stargan_tf.layers.he_initialised import he_convolution, leaky_relu
from stargan_tf.layers.pyramid import check_image_size, halvings, widths

LAST_SIZE = 4


@keras.saving.register_keras_serializable(package="stargan_tf")
class ImageTrunk(keras.layers.Layer):
    """Halves the image down to 4×4, then to one feature vector; no normalisation.

    Args:
        image_size: side of the images in pixels; a power of two, 64…1024.
        base_filters: channels at full size; `None` for 2**14 / image_size.
        max_filters: cap of the channels below (`max_conv_dim`).

    Input shape: (batch, image_size, image_size, 3).
    Output shape: (batch, features), activated.

    Reference: StarGAN v2 (Choi et al. 2020), appendix E, table 7.
    """

    def __init__(self, image_size, base_filters=None, max_filters=512, **kwargs):
        super().__init__(**kwargs)
        check_image_size(image_size)
        self.image_size = image_size
        self.base_filters = base_filters
        self.max_filters = max_filters
        blocks = halvings(image_size, LAST_SIZE)
        self.widths = widths(image_size, base_filters, max_filters, blocks)
        dtype = self.dtype_policy
        self.from_rgb = he_convolution(self.widths[0], 3, dtype=dtype, name="from_rgb")
        self.blocks = [
            DownResidualBlock(width, downsample=True, dtype=dtype, name=f"down_{i}")
            for i, width in enumerate(self.widths[1:], 1)
        ]
        self.relu = leaky_relu(dtype=dtype, name="relu")
        self.last = he_convolution(
            self.widths[-1], LAST_SIZE, padding="valid", dtype=dtype, name="last"
        )

    def build(self, input_shape):
        """Builds the layers from full size down."""
        self.from_rgb.build(input_shape)
        shape = self.from_rgb.compute_output_shape(input_shape)
        for block in self.blocks:
            block.build(shape)
            shape = block.compute_output_shape(shape)
        self.last.build(shape)

    def call(self, inputs):
        """Features of each image; see the class."""
        x = self.from_rgb(inputs)
        for block in self.blocks:
            x = block(x)
        x = self.relu(self.last(self.relu(x)))  # (b, 1, 1, features)
        return ops.reshape(x, (-1, self.widths[-1]))  # (b, features)

    def compute_output_shape(self, input_shape):
        """See the class."""
        return input_shape[0], self.widths[-1]

    def get_config(self):
        """Constructor arguments."""
        return {
            **super().get_config(),
            "image_size": self.image_size,
            "base_filters": self.base_filters,
            "max_filters": self.max_filters,
        }
