"""Convolutions of small images, with downsampling or upsampling; initializers."""

import math

import keras
from keras import ops

# With at most this many output pixels per image and at least this many weights, a
# convolution is faster on a CPU as one matrix product. Otherwise, gathering the patches
# costs more than it saves.
MAX_PIXELS, MIN_WEIGHTS = 16, 2**20


@keras.saving.register_keras_serializable(package="stargan_tf")
class Conv2D(keras.layers.Conv2D):
    """A `keras.layers.Conv2D` that is computed by `convolve`.

    It has the arguments of `keras.layers.Conv2D` except `groups` and `dilation_rate`.
    """

    def __init__(self, *args, data_format="channels_last", **kwargs):
        # The default does not depend on ~/.keras/keras.json.
        super().__init__(*args, data_format=data_format, **kwargs)

    def call(self, inputs):
        outputs = convolve(inputs, self.kernel, self.strides, self.padding)
        outputs = outputs + self.bias if self.use_bias else outputs
        return outputs if self.activation is None else self.activation(outputs)


# Keras saves weights under the names of the layers' classes: with any other name,
# models that were saved with keras.layers.Conv2D would not load.
SmallImageConv2D = Conv2D


class _ResamplingConv2D(keras.layers.Conv2D):
    """A 3×3 convolution fused with a change of resolution.

    A mean over 2×2 pixels after a convolution, or nearest-neighbor doubling before it,
    is linear, so it can be merged with the 3×3 kernel into a 4×4 kernel with stride 2.
    The result is the same up to rounding, with 4/9 of the multiply-adds. The layer's
    weights remain 3×3. It has no activation, because an activation does not commute
    with a mean.
    """

    def __init__(
        self,
        filters,
        kernel_size=3,
        padding="same",
        data_format="channels_last",
        **kwargs,
    ):
        super().__init__(
            filters, kernel_size, padding=padding, data_format=data_format, **kwargs
        )

    def _add_bias(self, outputs):
        return outputs + self.bias if self.use_bias else outputs


@keras.saving.register_keras_serializable(package="stargan_tf")
class HalvingConv2D(_ResamplingConv2D):
    """`Conv2D(filters, 3, padding="same")` followed by `AveragePooling2D(2)`.

    Args:
        filters: number of output channels.
        **kwargs: further arguments of `keras.layers.Conv2D`, such as `use_bias` and
            `kernel_initializer`.

    Input shape: (batch, height, width, channels), both sides even.
    Output shape: (batch, height / 2, width / 2, filters).
    """

    def call(self, inputs):
        kernel = _with_box(self.kernel) * 0.25
        return self._add_bias(convolve(inputs, kernel, 2, "same"))

    def compute_output_shape(self, input_shape):
        batch, *sides, _ = input_shape
        return (batch, *(side and side // 2 for side in sides), self.filters)


@keras.saving.register_keras_serializable(package="stargan_tf")
class DoublingConv2D(_ResamplingConv2D):
    """`UpSampling2D(2)` followed by `Conv2D(filters, 3, padding="same")`.

    Args:
        filters: number of output channels.
        **kwargs: further arguments of `keras.layers.Conv2D`, such as `use_bias` and
            `kernel_initializer`.

    Input shape: (batch, height, width, channels).
    Output shape: (batch, 2·height, 2·width, filters).
    """

    def call(self, inputs):
        # A transposed convolution applies the flipped kernel. One axis at a time,
        # because Keras 3.6 cannot flip two at once.
        flipped = ops.flip(ops.flip(_with_box(self.kernel), axis=0), axis=1)
        kernel = ops.transpose(flipped, (0, 1, 3, 2))
        return self._add_bias(
            ops.conv_transpose(inputs, kernel, 2, "same", None, "channels_last")
        )

    def compute_output_shape(self, input_shape):
        batch, *sides, _ = input_shape
        return (batch, *(side and side * 2 for side in sides), self.filters)


def convolution(filters, kernel_size, initializer, layer=keras.layers.Conv2D, **kwargs):
    """Creates a convolution with zero padding.

    Args:
        filters: number of output channels.
        kernel_size: side of the kernel, or (height, width).
        initializer: initializer of the kernel.
        layer: class of the layer.
        **kwargs: further arguments of the layer.

    Returns:
        The layer.
    """
    kwargs = {"padding": "same", "data_format": "channels_last", **kwargs}
    return layer(filters, kernel_size, kernel_initializer=initializer, **kwargs)


def convolve(inputs, kernel, strides, padding):
    """Computes `keras.ops.conv`, as one matrix product if images are small.

    The last convolutions of a discriminator have most of its weights and very few
    pixels. Convolution libraries rearrange the weights in every call, which takes
    several times longer than the computation; a matrix product reads them once in
    place. Outputs and gradients of any order are the same.

    Args:
        inputs: (batch, height, width, channels).
        kernel: (kernel_height, kernel_width, channels, filters).
        strides: an integer, or one integer per axis.
        padding: `"same"` or `"valid"`.

    Returns:
        (batch, new_height, new_width, filters).
    """
    strides = (strides, strides) if isinstance(strides, int) else strides
    sides, window = inputs.shape[1:3], kernel.shape[:2]
    if None in sides:
        return ops.conv(inputs, kernel, strides, padding, "channels_last")
    reach = window if padding == "valid" else (1, 1)
    height, width = (
        (side - least) // stride + 1
        for side, least, stride in zip(sides, reach, strides, strict=True)
    )
    if height * width > MAX_PIXELS or math.prod(kernel.shape) < MIN_WEIGHTS:
        return ops.conv(inputs, kernel, strides, padding, "channels_last")
    rows = _patches(inputs, (height, width), window, strides)
    rows = ops.reshape(rows, (-1, rows.shape[-1]))  # (b·h·w, k·k·c)
    outputs = _product(rows, ops.reshape(kernel, (-1, kernel.shape[-1])))
    return ops.reshape(outputs, (-1, height, width, kernel.shape[-1]))


def _patches(inputs, counts, window, strides):
    """Gathers the input patch of each of counts[0] × counts[1] output pixels.

    Inputs are padded with zeros as far as the last patch extends; if their number is
    odd, there is one more at the end, as in all backends.

    Returns:
        (batch, *counts, window height · window width · channels).
    """
    spans = [(n - 1) * stride + 1 for n, stride in zip(counts, strides, strict=True)]
    sides = zip(inputs.shape[1:3], spans, window, strict=True)
    zeros = [max(span + reach - 1 - side, 0) for side, span, reach in sides]
    if any(zeros):
        around = [(count // 2, count - count // 2) for count in zeros]
        inputs = ops.pad(inputs, ((0, 0), *around, (0, 0)))
    # Columns before rows, because the order in a kernel is rows, columns, channels.
    for axis, before in ((1, (slice(None),) * 2), (0, (slice(None),))):
        shifted = [
            inputs[(*before, slice(first, first + spans[axis], strides[axis]))]
            for first in range(window[axis])
        ]
        inputs = ops.concatenate(shifted, axis=-1)
    return inputs


@ops.custom_gradient
def _product(x, kernel):
    """Computes x (rows, inputs) · kernel, with a faster gradient.

    With few rows, the usual gradient, upstream · kernelᵀ, takes TensorFlow five times
    longer than (kernel · upstreamᵀ)ᵀ.
    """

    def gradient(*args, upstream=None):
        upstream = args[0] if upstream is None else upstream
        to_x = ops.transpose(ops.matmul(kernel, ops.transpose(upstream)))
        return to_x, ops.matmul(ops.transpose(x), upstream)

    return ops.matmul(x, kernel), gradient


def _with_box(kernel):
    """(3, 3, inputs, outputs) → (4, 4, …): the kernel convolved with a 2×2 box."""
    for axis in (0, 1):
        before, after = ([(0, 0)] * 4 for _ in range(2))
        before[axis], after[axis] = (1, 0), (0, 1)
        kernel = ops.pad(kernel, before) + ops.pad(kernel, after)
    return kernel


def uniform_fan_in():
    """Uniform in ±1/√fan_in: PyTorch's default for (transposed) convolution kernels."""
    return keras.initializers.VarianceScaling(1 / 3, "fan_in", "uniform")


def uniform_bias(fan_in):
    """Uniform in ±1/√fan_in: PyTorch's default for the bias of convolutions.

    Args:
        fan_in: kernel height × kernel width × input channels.
    """
    bound = 1 / math.sqrt(fan_in)
    return keras.initializers.RandomUniform(-bound, bound)


def he_normal(heads=1):
    """Normal with variance 2/fan_in; not truncated, unlike Keras' `HeNormal`.

    Args:
        heads: number of matrices stacked along the first axis of a kernel, which Keras
            would include in fan_in.

    Reference: StarGAN v2 (Choi et al. 2020), appendix B, "He initialization".
    """
    return keras.initializers.VarianceScaling(
        2.0 * heads, "fan_in", "untruncated_normal"
    )
