"""A residual block that sees the label: not in the StarGAN paper."""

import keras

from stargan_tf.layers.adain import AdaIN
from stargan_tf.layers.residual_block import ResidualBlock


@keras.saving.register_keras_serializable(package="stargan_tf")
class ConditionalResidualBlock(ResidualBlock):
    """`ResidualBlock` whose two norms take scale and offset from the label.

    In the paper's generator the label enters as constant channels, whose mean the
    first instance norm removes: what is left of it comes from the zero padding at the
    borders. Told again after each norm, small networks learn several times faster.

    Args:
        filters: number of channels, in and out.
        separable: depthwise-separable convolutions in place of full ones.

    Input: [x (batch, height, width, filters), label (batch, label_width)].
    Output shape: that of x.
    """

    normalization = AdaIN

    def build(self, input_shape):
        """Builds the convolutions for x, the norms for both."""
        for layer in (self.conv_1, self.conv_2):
            layer.build(input_shape[0])
        for layer in (self.norm_1, self.norm_2):
            layer.build(input_shape)

    def call(self, inputs):
        """Applies the block; see the class."""
        x, label = inputs
        y = self.relu(self.norm_1([self.conv_1(x), label]))
        return x + self.norm_2([self.conv_2(y), label])

    def compute_output_shape(self, input_shape):
        """The shape of x."""
        return input_shape[0]
