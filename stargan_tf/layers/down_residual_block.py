"""The pre-activation residual block going down: StarGAN v2's G, E and D."""

import math

import keras

from stargan_tf.layers.he_initialised import (
    he_convolution,
    he_halving,
    he_separable,
    leaky_relu,
)
from stargan_tf.layers.instance_normalization import InstanceNormalization


@keras.saving.register_keras_serializable(package="stargan_tf")
class DownResidualBlock(keras.layers.Layer):
    """[Norm], LeakyReLU, conv, [halve], [norm], LeakyReLU, conv; plus the shortcut.

    The sum is divided by √2, so that the variance stays what it was.

    Args:
        filters: output channels; another number than the input's puts a 1×1
            convolution without bias into the shortcut.
        normalize: whether with instance normalisation (G only).
        downsample: whether to halve height and width by average pooling.
        separable: depthwise-separable 3×3 convolutions in place of full ones.

    Input shape: (batch, height, width, channels).
    Output shape: (batch, height[/2], width[/2], filters).

    Reference: StarGAN v2 (Choi et al. 2020), appendix E, tables 5 and 7.
    """

    def __init__(
        self, filters, normalize=False, downsample=False, separable=False, **kwargs
    ):
        super().__init__(**kwargs)
        self.filters = filters
        self.normalize = normalize
        self.downsample = downsample
        self.separable = separable
        self.relu = leaky_relu(dtype=self.dtype_policy, name="relu")
        self.halve = keras.layers.AveragePooling2D(
            2, data_format="channels_last", dtype=self.dtype_policy, name="halve"
        )
        self.shortcut = None
        self._halves_in_convolution = downsample and not separable

    def build(self, input_shape):
        """Builds the convolutions and, if asked for, the norms."""
        dtype, channels = self.dtype_policy, input_shape[-1]
        # The channels change in the second convolution.
        convolution = he_separable if self.separable else he_convolution
        self.conv_2 = convolution(self.filters, 3, dtype=dtype, name="conv_2")
        if self._halves_in_convolution:
            self.conv_1 = he_halving(channels, dtype=dtype, name="conv_1")
        else:
            self.conv_1 = convolution(channels, 3, dtype=dtype, name="conv_1")
        for layer in (self.conv_1, self.conv_2):
            layer.build(input_shape)
        if self.normalize:
            self.norm_1 = InstanceNormalization(dtype=dtype, name="norm_1")
            self.norm_2 = InstanceNormalization(dtype=dtype, name="norm_2")
            for layer in (self.norm_1, self.norm_2):
                layer.build(input_shape)
        if channels != self.filters:
            self.shortcut = he_convolution(
                self.filters, 1, use_bias=False, dtype=dtype, name="shortcut"
            )
            self.shortcut.build(input_shape)

    def call(self, inputs):
        """Applies the block; see the class."""
        x = self.norm_1(inputs) if self.normalize else inputs
        x = self.conv_1(self.relu(x))
        pool = self.downsample and not self._halves_in_convolution
        x = self.halve(x) if pool else x
        x = self.norm_2(x) if self.normalize else x
        x = self.conv_2(self.relu(x))
        return (x + self._past(inputs)) / math.sqrt(2)

    def _past(self, x):
        # The official code pools after the 1×1 convolution; both are linear and
        # commute, and this way the convolution sees a quarter of the pixels.
        x = self.halve(x) if self.downsample else x
        return x if self.shortcut is None else self.shortcut(x)

    def compute_output_shape(self, input_shape):
        """See the class."""
        batch, height, width, _ = input_shape
        if self.downsample:
            height, width = (side and side // 2 for side in (height, width))
        return batch, height, width, self.filters

    def get_config(self):
        """Constructor arguments."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "separable": self.separable,
            "normalize": self.normalize,
            "downsample": self.downsample,
        }
