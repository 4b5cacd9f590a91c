"""The residual block of StarGAN v1's generator."""

import keras

from stargan_tf.layers.initializers import uniform_fan_in
from stargan_tf.layers.instance_normalization import InstanceNormalization
from stargan_tf.layers.separable import separable_convolution


@keras.saving.register_keras_serializable(package="stargan_tf")
class ResidualBlock(keras.layers.Layer):
    """Conv 3×3, norm, ReLU, conv 3×3, norm, plus the input; no activation after.

    Args:
        filters: number of channels, in and out.
        separable: depthwise-separable convolutions in place of full ones.

    Input shape: (batch, height, width, filters). Output shape: the same.

    Reference: StarGAN (Choi et al. 2018), table 4, "bottleneck".
    """

    normalization = InstanceNormalization

    def __init__(self, filters, separable=False, **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        self.separable = separable
        dtype = self.dtype_policy
        self.conv_1 = self._convolution("conv_1")
        self.norm_1 = self.normalization(dtype=dtype, name="norm_1")
        self.relu = keras.layers.ReLU(dtype=dtype, name="relu")
        self.conv_2 = self._convolution("conv_2")
        self.norm_2 = self.normalization(dtype=dtype, name="norm_2")

    def _convolution(self, name):
        start = uniform_fan_in()
        kwargs = {"use_bias": False, "dtype": self.dtype_policy, "name": name}
        if self.separable:
            return separable_convolution(self.filters, 3, start=start, **kwargs)
        return keras.layers.Conv2D(
            self.filters,
            3,
            padding="same",
            data_format="channels_last",
            kernel_initializer=start,
            **kwargs,
        )

    def build(self, input_shape):
        """Builds the four sublayers, all for `input_shape`."""
        for layer in (self.conv_1, self.norm_1, self.conv_2, self.norm_2):
            layer.build(input_shape)

    def call(self, inputs):
        """Applies the block; see the class."""
        x = self.relu(self.norm_1(self.conv_1(inputs)))
        return inputs + self.norm_2(self.conv_2(x))

    def compute_output_shape(self, input_shape):
        """The input's shape."""
        return input_shape

    def get_config(self):
        """Constructor arguments."""
        sizes = {"filters": self.filters, "separable": self.separable}
        return {**super().get_config(), **sizes}
