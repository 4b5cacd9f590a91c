"""The pre-activation residual block with AdaIN, going up: StarGAN v2's decoder."""

import math

import keras
from keras import ops

from stargan_tf.layers.adain import AdaIN
from stargan_tf.layers.he_initialised import (
    he_convolution,
    he_doubling,
    he_separable,
    leaky_relu,
)


@keras.saving.register_keras_serializable(package="stargan_tf")
class AdaINResidualBlock(keras.layers.Layer):
    """AdaIN, LeakyReLU, [double], conv, AdaIN, LeakyReLU, conv; plus the shortcut.

    The sum is divided by √2, so that the variance stays what it was.

    Args:
        filters: output channels; another number than the input's puts a 1×1
            convolution without bias into the shortcut.
        upsample: whether to double height and width (nearest neighbour).
        use_shortcut: `False` with the high-pass skips: neither shortcut nor √2.
            The 1×1 convolution then is in the weights as in the official
            checkpoints, unused and untrained.
        separable: depthwise-separable 3×3 convolutions in place of full ones.

    Input: [x (batch, height, width, channels), style (batch, style_dim)].
    Output shape: (batch, height[·2], width[·2], filters).

    Reference: StarGAN v2 (Choi et al. 2020), appendix E, table 5, "ResBlk" with AdaIN.
    """

    def __init__(
        self, filters, upsample=False, use_shortcut=True, separable=False, **kwargs
    ):
        # No autocast: the style is not rounded before it is used.
        super().__init__(autocast=False, **kwargs)
        self.filters = filters
        self.separable = separable
        self.upsample = upsample
        self.use_shortcut = use_shortcut
        dtype = self.dtype_policy
        convolution = he_separable if separable else he_convolution
        self._doubles_in_convolution = upsample and not separable
        if self._doubles_in_convolution:
            self.conv_1 = he_doubling(filters, dtype=dtype, name="conv_1")
        else:
            self.conv_1 = convolution(filters, 3, dtype=dtype, name="conv_1")
        self.conv_2 = convolution(filters, 3, dtype=dtype, name="conv_2")
        self.norm_1 = AdaIN(dtype=dtype, name="norm_1")
        self.norm_2 = AdaIN(dtype=dtype, name="norm_2")
        self.relu = leaky_relu(dtype=dtype, name="relu")
        self.doubling = keras.layers.UpSampling2D(
            2, "channels_last", dtype=dtype, name="double"
        )
        self.shortcut = None

    def build(self, input_shape):
        """Builds the sublayers and, where the channels change, the shortcut."""
        before, style = input_shape
        after = (*before[:-1], self.filters)
        self.conv_1.build(before)
        self.conv_2.build(after)
        self.norm_1.build([before, style])
        self.norm_2.build([after, style])
        if before[-1] != self.filters:
            self.shortcut = he_convolution(
                self.filters,
                1,
                use_bias=False,
                trainable=self.use_shortcut,
                dtype=self.dtype_policy,
                name="shortcut",
            )
            self.shortcut.build(before)

    def call(self, inputs):
        """Applies the block; see the class."""
        image, style = inputs
        image = ops.cast(image, self.compute_dtype)
        x = self.relu(self.norm_1([image, style]))
        double = self.upsample and not self._doubles_in_convolution
        x = self.conv_1(self.doubling(x) if double else x)
        x = self.conv_2(self.relu(self.norm_2([x, style])))
        if not self.use_shortcut:
            return x
        return (x + self._past(image)) / math.sqrt(2)

    def _past(self, x):
        # The official code doubles before the 1×1 convolution; the result is the
        # same, and this way the convolution sees a quarter of the pixels.
        x = x if self.shortcut is None else self.shortcut(x)
        return self.doubling(x) if self.upsample else x

    def compute_output_shape(self, input_shape):
        """See the class."""
        batch, height, width, _ = input_shape[0]
        if self.upsample:
            height, width = (side and side * 2 for side in (height, width))
        return batch, height, width, self.filters

    def get_config(self):
        """Constructor arguments."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "separable": self.separable,
            "upsample": self.upsample,
            "use_shortcut": self.use_shortcut,
        }
