"""3×3 convolutions that halve or double the image in the same pass.

A mean over 2×2 pixels after a convolution, and a doubling before one, are linear: each
joins the 3×3 kernel to one of 4×4 with a stride of two. The same numbers to rounding,
for 4/9 of the multiply-adds; weights, and what is stored of them, stay 3×3.
"""

import keras
from keras import ops

from stargan_tf.errors import InputError
from stargan_tf.layers.small_image_convolution import check_plain, convolve


class _ResamplingConv2D(keras.layers.Conv2D):
    """What both share: a 3×3 kernel, "same" zero padding, no activation."""

    def __init__(self, filters, **kwargs):
        if kwargs.get("activation", "linear") not in (None, "linear"):
            raise InputError(
                "A mean and an activation do not commute: put a layer behind this one. "
                f"Received: activation={kwargs['activation']!r}"
            )
        # Whatever ~/.keras/keras.json says.
        kwargs.setdefault("data_format", "channels_last")
        super().__init__(filters, 3, padding="same", **kwargs)
        check_plain(self)
        if self.strides != (1, 1):
            raise InputError(
                "The convolution itself has a stride of 1. "
                f"Received: strides={self.strides}. Leave strides out."
            )

    def _finished(self, outputs):
        return outputs + self.bias if self.use_bias else outputs

    def get_config(self):
        """Constructor arguments."""
        config = super().get_config()
        for given in ("kernel_size", "padding"):
            del config[given]
        return config


@keras.saving.register_keras_serializable(package="stargan_tf")
class HalvingConv2D(_ResamplingConv2D):
    """`Conv2D(filters, 3, padding="same")`, then `AveragePooling2D(2)`.

    Args:
        filters: output channels.
        **kwargs: further arguments of `keras.layers.Conv2D`, but no activation.

    Input shape: (batch, height, width, channels), both sides even.
    Output shape: (batch, height / 2, width / 2, filters).
    """

    def build(self, input_shape):
        """Creates the 3×3 `kernel` and the `bias`."""
        if any(side and side % 2 for side in input_shape[1:3]):
            raise InputError(
                "Height and width must be even. "
                f"Received: input_shape={tuple(input_shape)}. Resize the images."
            )
        super().build(input_shape)

    def call(self, inputs):
        """Convolves and halves; see the class."""
        return self._finished(convolve(inputs, with_box(self.kernel) * 0.25, 2, "same"))

    def compute_output_shape(self, input_shape):
        """Half as high and wide."""
        batch, *sides, _ = input_shape
        return (batch, *(side and side // 2 for side in sides), self.filters)


@keras.saving.register_keras_serializable(package="stargan_tf")
class DoublingConv2D(_ResamplingConv2D):
    """`UpSampling2D(2)` (nearest neighbour), then `Conv2D(filters, 3, padding="same")`.

    Args:
        filters: output channels.
        **kwargs: further arguments of `keras.layers.Conv2D`, but no activation.

    Input shape: (batch, height, width, channels).
    Output shape: (batch, 2·height, 2·width, filters).
    """

    def call(self, inputs):
        """Doubles and convolves; see the class."""
        # A transposed convolution spreads its kernel, where the other one gathers.
        # One axis at a time: Keras 3.6 cannot flip two at once.
        flipped = ops.flip(ops.flip(with_box(self.kernel), axis=0), axis=1)
        kernel = ops.transpose(flipped, (0, 1, 3, 2))
        return self._finished(
            ops.conv_transpose(inputs, kernel, 2, "same", None, "channels_last")
        )

    def compute_output_shape(self, input_shape):
        """Twice as high and wide."""
        batch, *sides, _ = input_shape
        return (batch, *(side and side * 2 for side in sides), self.filters)


def with_box(kernel):
    """The kernel of a convolution and a sum over 2×2 pixels in one.

    Args:
        kernel: (3, 3, inputs, outputs).

    Returns:
        (4, 4, inputs, outputs).
    """
    for axis in (0, 1):
        before, after = ([(0, 0)] * 4 for _ in range(2))
        before[axis], after[axis] = (1, 0), (0, 1)
        kernel = ops.pad(kernel, before) + ops.pad(kernel, after)
    return kernel
