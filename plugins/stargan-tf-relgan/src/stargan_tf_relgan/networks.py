"""The networks of RelGAN.

Images are float32 in [-1, 1]; a change is a vector in [-1, 1] with a number per
attribute.
"""

import keras
from keras import layers, ops

from stargan_tf.plugin import (
    AdaIN,
    DoublingConv2D,
    InputError,
    InstanceNormalization,
    at_least_float32,
    configurable,
    uniform_fan_in,
)


@keras.saving.register_keras_serializable(package="stargan_tf_relgan")
@configurable
class RelativeGenerator(keras.Model):
    """G(x, v): changes the attributes of an image by v.

    Args:
        num_attributes: number of attributes in v.
        base_filters: channels of the first convolution.
        num_residual_blocks: number of residual blocks.
        small: whether to add, to speed up the training of small networks (not in the
            paper): AdaIN layers in the residual blocks that receive v, skip
            connections between layers of the same size, resize convolutions instead of
            transposed ones, and a predicted mask that blends the output with the
            input.
        num_channels: number of image channels.

    Input: [image (batch, height, width, num_channels), change (batch,
        num_attributes)]; height and width are multiples of 4.
    Output: image (batch, height, width, num_channels) float32 in [-1, 1].

    Reference: RelGAN (Wu et al. 2019), section 3; the layers are StarGAN's (Choi et al.
        2018), table 4.
    """

    def __init__(
        self,
        num_attributes,
        base_filters=64,
        num_residual_blocks=6,
        small=False,
        num_channels=3,
        dtype=None,
        **kwargs,
    ):
        full = at_least_float32(dtype)
        image = keras.Input((None, None, num_channels), dtype=full, name="image")
        change = keras.Input((num_attributes,), dtype=full, name="change")

        def normalized(x):
            norm = InstanceNormalization(dtype=dtype)
            return layers.ReLU(dtype=dtype)(norm(x))

        def residual(x):
            def conditioned(y):
                if small:
                    return AdaIN(dtype=dtype)([y, change])
                return InstanceNormalization(dtype=dtype)(y)

            y = conditioned(_convolution(4 * base_filters, 3, dtype=dtype)(x))
            y = layers.ReLU(dtype=dtype)(y)
            y = conditioned(_convolution(4 * base_filters, 3, dtype=dtype)(y))
            return layers.Add(dtype=dtype)([x, y])

        def doubled(x, filters):
            if small:
                return _convolution(filters, 3, layer=DoublingConv2D, dtype=dtype)(x)
            layer = layers.Conv2DTranspose
            return _convolution(filters, 4, strides=2, layer=layer, dtype=dtype)(x)

        edge = 3 if small else 7
        # A broadcast product, because mobile delegates do not support Tile.
        planes = ops.ones_like(image[..., :1]) * change[:, None, None, :]
        x = layers.Concatenate(dtype=dtype)([image, planes])
        x = normalized(_convolution(base_filters, edge, dtype=dtype)(x))
        skips = []
        for scale in (2, 4):
            skips.append(x)
            x = _convolution(scale * base_filters, 4, strides=2, dtype=dtype)(x)
            x = normalized(x)
        for _ in range(num_residual_blocks):
            x = residual(x)
        for scale in (2, 1):
            x = normalized(doubled(x, scale * base_filters))
            if small:
                x = layers.Concatenate(dtype=dtype)([x, skips.pop()])
        # float32 under every policy: near ±1, bfloat16 has fewer values than uint8.
        x = _convolution(num_channels + small, edge, dtype=full)(x)
        outputs = ops.tanh(x[..., :num_channels])
        if small:
            mask = ops.sigmoid(x[..., num_channels:])
            outputs = image + mask * (outputs - image)
        super().__init__(inputs=[image, change], outputs=outputs, **kwargs)


@keras.saving.register_keras_serializable(package="stargan_tf_relgan")
@configurable
class RelativeDiscriminator(keras.Model):
    """D: three heads on shared features of images.

    The submodels `features`, `real`, `degree`, and `match` are attributes.

    Args:
        image_size: side of the square images in pixels.
        num_attributes: number of attributes in a change.
        base_filters: channels of the first convolution. Every further one has twice as
            many.
        num_layers: number of strided convolutions.
        num_channels: number of image channels.

    Input: [image (batch, image_size, image_size, num_channels), change (batch,
        num_attributes), changed image, shaped like the image].
    Output: (real/fake score of the changed image, its degree of interpolation, and
        the score of its match with image and change), each (batch, h, w, 1), a value
        per patch.

    Raises:
        InputError: if the image is too small for `num_layers` strided convolutions.

    Reference: RelGAN (Wu et al. 2019), sections 3.2 to 3.5.
    """

    def __init__(
        self,
        image_size,
        num_attributes,
        base_filters=64,
        num_layers=6,
        num_channels=3,
        dtype=None,
        **kwargs,
    ):
        if image_size < 2**num_layers:
            raise InputError(
                f"Images of {image_size} pixels cannot be halved {num_layers} times. "
                f"Received: image_size={image_size}, num_layers={num_layers}. Use at "
                f"most {image_size.bit_length() - 1} discriminator layers."
            )
        dtype = at_least_float32(dtype)
        super().__init__(dtype=dtype, **kwargs)
        shape = (image_size, image_size, num_channels)
        image = x = keras.Input(shape, name="image", dtype=dtype)
        for _ in range(num_layers):
            x = _convolution(base_filters, 4, strides=2, use_bias=True, dtype=dtype)(x)
            x = layers.LeakyReLU(0.01, dtype=dtype)(x)
            base_filters *= 2
        self.features = keras.Model(image, x, name="features")
        width = base_filters // 2
        self.real = _head(width, 1, "real", dtype)
        self.degree = _head(width, 1, "degree", dtype)
        self.match = _head(2 * width + num_attributes, width, "match", dtype)
        self.built = True

    def call(self, inputs):
        image, change, changed = inputs
        features, changed = self.features(image), self.features(changed)
        matches = self.match(joined(features, change, changed))
        return self.real(changed), self.degree(changed), matches


def joined(features, change, changed):
    """Concatenates the input of the matching head.

    Args:
        features: features of the image, (batch, h, w, channels).
        change: (batch, attributes).
        changed: features of the changed image, shaped like `features`.

    Returns:
        (batch, h, w, 2·channels + attributes).
    """
    planes = ops.ones_like(features[..., :1]) * change[:, None, None, :]
    return ops.concatenate([features, planes, changed], axis=-1)


def _head(width, hidden, name, dtype):
    """Returns a head with an output per patch; hidden > 1 adds a 1×1 convolution."""
    x = inputs = keras.Input((None, None, width), dtype=dtype)
    if hidden > 1:
        x = _convolution(hidden, 1, use_bias=True, dtype=dtype)(x)
        x = layers.LeakyReLU(0.01, dtype=dtype)(x)
    outputs = _convolution(1, 3, use_bias=True, dtype=dtype)(x)
    return keras.Model(inputs, outputs, name=name)


def _convolution(filters, kernel_size, layer=layers.Conv2D, use_bias=False, **kwargs):
    return layer(
        filters,
        kernel_size,
        padding="same",
        use_bias=use_bias,
        kernel_initializer=uniform_fan_in(),
        data_format="channels_last",
        **kwargs,
    )
