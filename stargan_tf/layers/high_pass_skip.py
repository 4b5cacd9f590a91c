"""The high-pass skip: fine structure of a face, past the bottleneck."""

import keras
import numpy as np
from keras import ops

SMALL = 32


@keras.saving.register_keras_serializable(package="stargan_tf")
class HighPassSkip(keras.layers.Layer):
    """x + highpass(mask · encoded): edges of the source inside the mask.

    The filter is eight times a pixel minus its eight neighbours (zero outside of
    the image), divided by `strength`.

    Args:
        strength: the official `w_hpf`; larger means weaker.

    Input: [x (batch, s, s, channels), encoded (batch, s, s, channels),
        masks (batch, h, w, 2) in [0, 1], or None for no skip]. Mask 0 (the outline
        with everything) serves s = 32, mask 1 (without chin, mouth and brows) the
        larger sizes; they are resized to s by bilinear interpolation.
    Output shape: that of x.

    Reference: StarGAN v2 (Choi et al. 2020), appendix E, "Generator".
    """

    def __init__(self, strength=1.0, **kwargs):
        super().__init__(**kwargs)
        self.strength = strength

    def call(self, inputs):
        """Adds the skip; see the class."""
        x, encoded, masks = inputs
        if masks is None:
            return x
        size = x.shape[1]
        mask = masks[..., :1] if size == SMALL else masks[..., 1:]
        # In float32, as older Keras (seen with 3.6) cannot resize bfloat16; without
        # antialiasing, as the official code's interpolation.
        mask = ops.cast(mask, "float32")
        mask = ops.image.resize(
            mask, (size, size), "bilinear", data_format="channels_last"
        )
        return x + self._high_pass(ops.cast(mask, self.compute_dtype) * encoded)

    def _high_pass(self, x):
        kernel = np.full((3, 3, 1, 1), -1.0 / self.strength, np.float32)
        kernel[1, 1] = 8.0 / self.strength
        kernel = np.broadcast_to(kernel, (3, 3, x.shape[-1], 1))
        kernel = ops.convert_to_tensor(kernel, self.compute_dtype)
        return ops.depthwise_conv(
            x, kernel, padding="same", data_format="channels_last"
        )

    def compute_output_shape(self, input_shape):
        """The image's shape."""
        return input_shape[0]

    def get_config(self):
        """Constructor arguments."""
        return {**super().get_config(), "strength": self.strength}
