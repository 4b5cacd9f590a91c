"""Convolutions whose kernel has far more entries than their output has pixels."""

import keras
from keras import ops

from stargan_tf.errors import InputError

# Up to so many output pixels an image, one matrix product is faster on a CPU. On larger
# ones gathering the patches costs more.
MAX_PIXELS = 16


@keras.saving.register_keras_serializable(package="stargan_tf")
class Conv2D(keras.layers.Conv2D):
    """`keras.layers.Conv2D`, computed by `convolve`.

    Takes the arguments of `keras.layers.Conv2D`, but for `data_format`, `groups` and
    `dilation_rate`.

    Raises:
        InputError: if one of those is given.
    """

    def __init__(self, *args, **kwargs):
        # Whatever ~/.keras/keras.json says; args[4] is the data format.
        if len(args) < 5:
            kwargs["data_format"] = kwargs.get("data_format") or "channels_last"
        super().__init__(*args, **kwargs)
        check_plain(self)

    def call(self, inputs):
        """Convolves; see the class."""
        outputs = convolve(inputs, self.kernel, self.strides, self.padding)
        outputs = outputs + self.bias if self.use_bias else outputs
        return outputs if self.activation is None else self.activation(outputs)


def check_plain(layer):
    """Refuses arguments of Keras' convolutions that `convolve` does not heed.

    Args:
        layer: a `keras.layers.Conv2D`.

    Raises:
        InputError: naming the argument.
    """
    plain = {"data_format": "channels_last", "groups": 1, "dilation_rate": (1, 1)}
    for name, value in plain.items():
        given = getattr(layer, name)
        if given != value:
            raise InputError(
                f"{type(layer).__name__} takes {name}={value!r} only. "
                f"Received: {name}={given!r}. Use keras.layers.Conv2D."
            )


def convolve(inputs, kernel, strides, padding):
    """`keras.ops.conv`, as one matrix product where images are small.

    The last convolutions of a discriminator have most of its weights and next to no
    pixels. Libraries of convolutions rearrange the weights for every call, which then
    takes several times longer than the work itself; a matrix product reads them once
    as they are. Outputs and gradients of any order are the same.

    Args:
        inputs: (batch, height, width, channels).
        kernel: (kernel_height, kernel_width, channels, filters).
        strides: an integer, or one for each axis.
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
    if height * width > MAX_PIXELS:
        return ops.conv(inputs, kernel, strides, padding, "channels_last")
    rows = patches(inputs, (height, width), window, strides)
    rows = ops.reshape(rows, (-1, rows.shape[-1]))  # (b·h·w, k·k·c)
    outputs = product(rows, ops.reshape(kernel, (-1, kernel.shape[-1])))
    return ops.reshape(outputs, (-1, height, width, kernel.shape[-1]))


def patches(inputs, counts, window, strides):
    """What each output pixel sees.

    Args:
        inputs: (batch, height, width, channels).
        counts: output pixels down and across.
        window: height and width of a patch.
        strides: steps between patches. Zeros are added as far as the last one reaches,
            the odd one at the end, as all backends do.

    Returns:
        (batch, *counts, window height · window width · channels).
    """
    spans = [(n - 1) * stride + 1 for n, stride in zip(counts, strides, strict=True)]
    sides = zip(inputs.shape[1:3], spans, window, strict=True)
    zeros = [max(span + reach - 1 - side, 0) for side, span, reach in sides]
    if any(zeros):
        around = [(count // 2, count - count // 2) for count in zeros]
        inputs = ops.pad(inputs, ((0, 0), *around, (0, 0)))
    # Columns, then rows: a kernel's order is rows, columns, channels.
    for axis, before in ((1, (slice(None),) * 2), (0, (slice(None),))):
        shifted = [
            inputs[(*before, slice(first, first + spans[axis], strides[axis]))]
            for first in range(window[axis])
        ]
        inputs = ops.concatenate(shifted, axis=-1)
    return inputs


# Keras files layers under the names of their classes: under any other than Conv2D,
# models that were saved with Keras' own would not load.
SmallImageConv2D = Conv2D


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
