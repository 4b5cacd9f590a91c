"""A convolution whose kernel has far more entries than its output has pixels."""

import keras
from keras import ops

# Up to so many output pixels an image, one matrix product is faster on a CPU; see
# benchmarks/small_images.py. On larger ones gathering the patches costs more.
MAX_PIXELS = 16


@keras.saving.register_keras_serializable(package="stargan_tf")
class SmallImageConv2D(keras.layers.Conv2D):
    """`keras.layers.Conv2D`, computed as one matrix product where images are small.

    The last convolutions of a discriminator have most of its weights and next to no
    pixels. Libraries of convolutions rearrange the weights for every call, which then
    takes several times longer than the work itself; a matrix product reads them once
    as they are. Weights, outputs and gradients of any order are the same.

    Takes the arguments of `keras.layers.Conv2D`, but for `data_format`, `groups` and
    `dilation_rate`. With `padding="same"` the input's sides must be multiples of the
    strides.
    """

    def call(self, inputs):
        """Convolves; see the class."""
        height, width = self.compute_output_shape(inputs.shape)[1:3]
        if not height or not width or height * width > MAX_PIXELS:
            return super().call(inputs)
        patches = self._patches(inputs, height, width)
        rows = ops.reshape(patches, (-1, patches.shape[-1]))  # (b·h·w, k·k·c)
        outputs = product(rows, ops.reshape(self.kernel, (-1, self.filters)))
        outputs = ops.reshape(outputs, (-1, height, width, self.filters))
        outputs = outputs + self.bias if self.use_bias else outputs
        return outputs if self.activation is None else self.activation(outputs)

    def _patches(self, inputs, height, width):
        """What each output pixel sees, (batch, height, width, k·k·c)."""
        counts = zip((height, width), self.strides, strict=True)
        spans = [(count - 1) * stride + 1 for count, stride in counts]
        if self.padding == "same":
            inputs = ops.pad(inputs, ((0, 0), *self._padding(inputs, spans), (0, 0)))
        # Columns, then rows: the kernel's order is rows, columns, channels.
        for axis in (2, 1):
            start, stride = (slice(None),) * axis, self.strides[axis - 1]
            windows = [
                inputs[(*start, slice(first, first + spans[axis - 1], stride))]
                for first in range(self.kernel_size[axis - 1])
            ]
            inputs = ops.concatenate(windows, axis=-1)
        return inputs

    def _padding(self, inputs, spans):
        """Zeros before and after, the odd one after, as all backends have it."""
        sizes = zip(inputs.shape[1:3], spans, self.kernel_size, strict=True)
        total = [max(span + kernel - 1 - size, 0) for size, span, kernel in sizes]
        return [(zeros // 2, zeros - zeros // 2) for zeros in total]


@ops.custom_gradient
def product(x, kernel):
    """x · kernel, with a gradient that does not read the kernel across its rows.

    The usual gradient, upstream · kernelᵀ, takes TensorFlow five times longer for few
    rows than (kernel · upstreamᵀ)ᵀ.

    Args:
        x: (rows, inputs).
        kernel: (inputs, outputs).

    Returns:
        (rows, outputs); it can be differentiated any number of times.
    """

    def gradient(*args, upstream=None):
        upstream = args[0] if upstream is None else upstream
        to_x = ops.transpose(ops.matmul(kernel, ops.transpose(upstream)))
        return to_x, ops.matmul(ops.transpose(x), upstream)

    return ops.matmul(x, kernel), gradient
