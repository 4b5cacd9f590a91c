"""The network that detects facial landmarks, as heat maps."""

import keras
import numpy as np
from keras import layers, ops

from stargan_tf.data.info import RGB
from stargan_tf.errors import InputError
from stargan_tf.faces.align import NUM_LANDMARKS
from stargan_tf.faces.masks import GRID, face_masks
from stargan_tf.layers.convolution import convolution, uniform_fan_in
from stargan_tf.layers.precision import configurable

SMALLEST_IMAGE = 64
# Number of downsampling levels of the hourglass.
DEPTH = 4
WIDTH = 256
EPSILON = 1e-5  # PyTorch's; Keras' default is 1e-3.
CHANNELS_LAST = {"data_format": "channels_last"}


@keras.saving.register_keras_serializable(package="stargan_tf")
@configurable
class LandmarkNetwork(keras.Model):
    """Computes heat maps of the 98 landmarks of WFLW and of the face's boundary.

    The network is an hourglass of residual blocks with coordinates as additional input
    channels. Its weights come from `wing.ckpt` (`stargan-tf import wing.ckpt`). It is
    not trained here, so batch normalization always uses the stored statistics.

    Args:
        dtype: dtype policy. Defaults to float32, regardless of the global policy.

    Input: images (batch, height, width, 3) float in [-1, 1], one face each, both sides
        at least 64 pixels. They are resized to 256 × 256 without preserving the aspect
        ratio.
    Output: heat maps (batch, 64, 64, 99) float32, about 1 at a landmark and 0 far from
        it. The last heat map is that of the boundary.

    Reference: Adaptive Wing Loss (Wang et al. 2019), one hourglass with coordinates;
        How far are we from solving the 2D & 3D face alignment problem? (Bulat &
        Tzimiropoulos 2017), the network FAN; CoordConv (Liu et al. 2018), section 3.
    """

    def __init__(self, dtype="float32", **kwargs):
        # === Layers ===
        def block(filters, name):
            return PreActivationBlock(filters, dtype=dtype, name=name)

        def conv(filters, kernel_size, name, **kwargs):
            kwargs = {"dtype": dtype, "name": name, **kwargs}
            return convolution(filters, kernel_size, uniform_fan_in(), **kwargs)

        def norm_relu(x, name):
            layer = layers.BatchNormalization(epsilon=EPSILON, dtype=dtype, name=name)
            return layers.ReLU(dtype=dtype, name=f"{name}_relu")(layer(x))

        def halve(name):
            return layers.AveragePooling2D(2, **CHANNELS_LAST, dtype=dtype, name=name)

        def double(name):
            return layers.UpSampling2D(2, **CHANNELS_LAST, dtype=dtype, name=name)

        def hourglass(x, level):
            skip = block(WIDTH, f"skip_{level}")(x)
            x = block(WIDTH, f"down_{level}")(halve(f"halve_{level}")(x))
            x = hourglass(x, level - 1) if level > 1 else block(WIDTH, "bottom")(x)
            x = double(f"double_{level}")(block(WIDTH, f"up_{level}")(x))
            return layers.Add(dtype=dtype, name=f"merge_{level}")([skip, x])

        # === Functional model ===
        image = keras.Input((None, None, RGB), name="image", dtype="float32")
        # Not the Keras layers Resizing and Rescaling, which need TensorFlow.
        x = ops.image.resize(image, (GRID, GRID), data_format="channels_last")
        x = AddCoordinates(dtype=dtype, name="stem_coordinates")(x * 0.5 + 0.5)
        # Not "same", which would pad one pixel less at the top and on the left.
        x = layers.ZeroPadding2D(3, **CHANNELS_LAST, dtype=dtype, name="stem_pad")(x)
        x = conv(64, 7, "stem", strides=2, padding="valid")(x)
        x = norm_relu(x, "stem_norm")
        x = halve("stem_halve")(block(128, "block_1")(x))
        x = block(WIDTH, "block_3")(block(128, "block_2")(x))
        x = AddCoordinates(dtype=dtype, name="hourglass_coordinates")(x)
        x = hourglass(conv(WIDTH, 1, "hourglass")(x), DEPTH)
        x = conv(WIDTH, 1, "last")(block(WIDTH, "top")(x))
        x = norm_relu(x, "last_norm")
        outputs = conv(NUM_LANDMARKS + 1, 1, "heat_maps", dtype="float32")(x)
        super().__init__(inputs=image, outputs=outputs, **kwargs)
        self.trainable = False

    def find(self, images):
        """Detects the landmarks of the face in each image.

        Args:
            images: (batch, height, width, 3) float in [-1, 1].

        Returns:
            (batch, 98, 2) float32: x and y in pixels, from the top left corner.

        Raises:
            InputError: if the images have another shape or are too small.
        """
        height, width = _sides(images)
        points = peaks(self(images)[..., :NUM_LANDMARKS])
        return points * ops.cast(ops.stack([width, height]), points.dtype)

    def masks(self, images):
        """Computes masks for StarGAN v2's high-pass skips; see `face_masks`.

        Args:
            images: (batch, height, width, 3) float in [-1, 1], with static height and
                width.

        Returns:
            (batch, height, width, 2) float32 in [0, 1]: coarse and fine masks.

        Raises:
            InputError: if the images have another shape or are too small.
        """
        size = _sides(images)
        return face_masks(self(images), size)


@keras.saving.register_keras_serializable(package="stargan_tf")
class PreActivationBlock(layers.Layer):
    """Three 3×3 convolutions in sequence, outputs concatenated, plus the shortcut.

    Batch normalization and ReLU precede each convolution. The convolutions have a half,
    a quarter, and a quarter of the output channels.

    Args:
        filters: number of output channels. If it differs from that of the input, the
            shortcut has a 1×1 convolution.

    Input shape: (batch, height, width, channels).
    Output shape: (batch, height, width, filters).

    Reference: How far are we from solving the 2D & 3D face alignment problem? (Bulat &
        Tzimiropoulos 2017), the block of FAN.
    """

    def __init__(self, filters, **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        self.widths = (filters // 2, filters // 4, filters // 4)
        self.has_shortcut = False

    def build(self, input_shape):
        channels = input_shape[-1]
        self.has_shortcut = channels != self.filters
        if self.has_shortcut:
            self._add("shortcut", input_shape, self.filters, kernel_size=1)
        for i, width in enumerate(self.widths, 1):
            self._add(str(i), (*input_shape[:-1], channels), width)
            channels = width

    def _add(self, name, input_shape, filters, kernel_size=3):
        norm = layers.BatchNormalization(
            epsilon=EPSILON, dtype=self.dtype_policy, name=f"norm_{name}"
        )
        conv = convolution(
            filters,
            kernel_size,
            uniform_fan_in(),
            use_bias=False,
            dtype=self.dtype_policy,
            name=f"conv_{name}",
        )
        for layer in (norm, conv):
            layer.build(input_shape)
            setattr(self, layer.name, layer)

    def _branch(self, name, x):
        return getattr(self, f"conv_{name}")(
            ops.relu(getattr(self, f"norm_{name}")(x, training=False))
        )

    def call(self, inputs):
        outputs = [inputs]
        for i in range(1, len(self.widths) + 1):
            outputs.append(self._branch(str(i), outputs[-1]))
        shortcut = self._branch("shortcut", inputs) if self.has_shortcut else inputs
        return ops.concatenate(outputs[1:], axis=-1) + shortcut

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.filters)

    def get_config(self):
        return {**super().get_config(), "filters": self.filters}


@keras.saving.register_keras_serializable(package="stargan_tf")
class AddCoordinates(layers.Layer):
    """Appends three channels with the coordinates of each pixel: y, x, and the radius.

    y and x are in [-1, 1]; the radius, the distance from the center, is in [0, 1].

    Input shape: (batch, height, width, channels), with static height and width.
    Output shape: (batch, height, width, channels + 3).

    Reference: CoordConv (Liu et al. 2018), section 3.
    """

    def call(self, inputs):
        height, width = inputs.shape[1:3]
        y, x = np.meshgrid(
            np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij"
        )
        radius = np.hypot(x, y)
        channels = np.stack([y, x, radius / radius.max()], axis=-1)
        channels = ops.convert_to_tensor(channels[None], inputs.dtype)
        repeats = (ops.shape(inputs)[0], 1, 1, 1)
        return ops.concatenate([inputs, ops.tile(channels, repeats)], axis=-1)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], input_shape[-1] + 3)


def peaks(heat_maps):
    """Finds the maximum of each heat map, in relative coordinates.

    A maximum that is not at the border of the heat map is moved by a quarter of a cell
    toward the larger neighbor along each axis.

    Args:
        heat_maps: (batch, height, width, landmarks).

    Returns:
        (batch, landmarks, 2) float32: x and y in [0, 1].

    Reference: Stacked Hourglass Networks (Newell et al. 2016), the quarter offset of
        predictions.
    """
    height, width = heat_maps.shape[1:3]
    count = heat_maps.shape[-1]
    flat = ops.reshape(heat_maps, (-1, height * width, count))
    best = ops.argmax(flat, axis=1)
    x, y = best % width, best // width
    inside = (x > 0) & (x < width - 1) & (y > 0) & (y < height - 1)

    def shift(step):
        last = height * width - 1
        around = ops.stack(
            [ops.minimum(best + step, last), ops.maximum(best - step, 0)], axis=1
        )
        after, before = ops.unstack(ops.take_along_axis(flat, around, axis=1), axis=1)
        slope = ops.sign(after - before)
        return ops.where(inside, 0.25 * slope, ops.zeros_like(slope))

    def share(cells, step, side):
        return (ops.cast(cells, flat.dtype) + 0.5 + shift(step)) / side

    return ops.stack([share(x, 1, width), share(y, width, height)], axis=-1)


def _sides(images):
    """Checks the shape of images; returns (height, width)."""
    shape = images.shape
    if len(shape) != 4 or shape[-1] != RGB:
        raise InputError(
            "Images must be (batch, height, width, 3), float in [-1, 1]. Received: "
            f"shape {tuple(shape)}. Add a batch axis to a single image: image[None]."
        )
    if any(side is not None and side < SMALLEST_IMAGE for side in shape[1:3]):
        raise InputError(
            f"Both sides of images must have at least {SMALLEST_IMAGE} pixels. "
            f"Received: shape {tuple(shape)}. Use larger images."
        )
    return ops.shape(images)[1:3]
