"""The networks of AttGAN and STGAN, and their layers.

Images are float in [-1, 1]. A condition has one value per attribute: the target label
in [0, 1], or the target label minus the image's label in [-1, 1].
"""

import keras
from keras import layers, ops

from stargan_tf.plugin import (
    DoublingConv2D,
    InputError,
    InstanceNormalization,
    at_least_float32,
    configurable,
)
from stargan_tf_attgan import ATTGAN

# The widest layer of the papers' networks.
MAX_WIDTH = 1024


@keras.saving.register_keras_serializable(package="stargan_tf_attgan")
@configurable
class Generator(keras.Model):
    """G(x, c): encodes an image and decodes it with a condition.

    The network is fully convolutional: height and width are any multiples of
    2**num_layers. The papers use batch normalization; this network uses instance
    normalization, which is the same in training and inference and does not depend on
    the batch size.

    Args:
        num_attributes: width of the condition.
        transfer_units: whether skip connections are `SelectiveTransferUnit`s (STGAN).
            Otherwise they are plain concatenations.
        shortcut_layers: number of skip connections, starting at the deepest layer.
            AttGAN has 1; STGAN has `num_layers - 1`.
        num_layers: number of strided convolutions of the encoder, and of upsampling
            layers of the decoder.
        base_filters: channels of the first convolution. Every further one has twice
            as many, up to `MAX_WIDTH`.
        upsampling: `"transposed"` convolutions, as in the papers, or `"resize"`, not
            in the papers: nearest-neighbor upsampling before a 3×3 convolution, which
            avoids checkerboard artifacts (Odena et al. 2016).
        num_channels: number of image channels.

    Input: [image (batch, height, width, num_channels), condition (batch,
        num_attributes)].
    Output: image (batch, height, width, num_channels), at least float32, in [-1, 1].

    Raises:
        InputError: if `upsampling` is unknown or `shortcut_layers` is out of range.

    Reference: AttGAN (He et al. 2019), section III; STGAN (Liu et al. 2019), section 3.
    """

    def __init__(
        self,
        num_attributes,
        transfer_units=False,
        shortcut_layers=1,
        num_layers=5,
        base_filters=64,
        upsampling="transposed",
        num_channels=3,
        dtype=None,
        **kwargs,
    ):
        ATTGAN.checked(upsampling=upsampling)
        fewest = 1 if transfer_units else 0
        if not fewest <= shortcut_layers < num_layers:
            raise InputError(
                f"shortcut_layers must be from {fewest} to num_layers - 1. Received: "
                f"shortcut_layers={shortcut_layers}, num_layers={num_layers}, "
                f"transfer_units={transfer_units}. Change one of them."
            )
        full = at_least_float32(dtype)
        image = keras.Input((None, None, num_channels), dtype=full, name="image")
        condition = keras.Input((num_attributes,), dtype=full, name="condition")

        def normalized(x, name, activation):
            x = InstanceNormalization(dtype=dtype, name=f"{name}_norm")(x)
            return activation(dtype=dtype, name=f"{name}_relu")(x)

        # === Encoder ===
        x, features = image, []
        for i, filters in enumerate(_widths(base_filters, num_layers), 1):
            name = f"halve_{i}"
            x = _halving(filters, dtype=dtype, name=name, use_bias=False)(x)
            x = normalized(x, name, _leaky_relu)
            features.append(x)

        # === Decoder ===
        state = features[-1]
        x = AppendCondition(dtype=dtype, name="append_condition")([state, condition])
        for i in range(1, num_layers):
            name = f"{upsampling}_{i}"
            filters = features[-i].shape[-1]
            x = _doubling(upsampling, filters, i, dtype=dtype, use_bias=False)(x)
            x = normalized(x, name, layers.ReLU)
            if i <= shortcut_layers:
                skip = features[-1 - i]
                if transfer_units:
                    unit = SelectiveTransferUnit(
                        skip.shape[-1], upsampling, dtype=dtype, name=f"transfer_{i}"
                    )
                    skip, state = unit([skip, state, condition])
                x = layers.Concatenate(dtype=dtype, name=f"skip_{i}")([x, skip])
        x = _doubling(upsampling, num_channels, num_layers, dtype=dtype)(x)
        outputs = layers.Activation("tanh", dtype=full, name="image_out")(x)
        super().__init__(inputs=[image, condition], outputs=outputs, **kwargs)


@keras.saving.register_keras_serializable(package="stargan_tf_attgan")
@configurable
class Discriminator(keras.Model):
    """D(x): real/fake score and attribute logits of an image.

    Args:
        image_shape: (height, width, channels) of the images.
        num_attributes: number of class logits.
        base_filters: channels of the first convolution. Every further one has twice
            as many, up to `MAX_WIDTH`.
        num_layers: number of strided convolutions, which both outputs share. Each
            output then has a hidden layer as wide as the last convolution.

    Input: image (batch, height, width, channels).
    Output: (scores (batch, 1), higher for real images; class logits (batch,
        num_attributes)), both at least float32.

    Raises:
        InputError: if the image is too small for `num_layers` strided convolutions.

    Reference: AttGAN (He et al. 2019), section III: D and C, which share their
        convolutions.
    """

    def __init__(
        self,
        image_shape,
        num_attributes,
        base_filters=64,
        num_layers=5,
        dtype=None,
        **kwargs,
    ):
        # Instance normalization of a single pixel would give 0.
        if min(image_shape[:2]) < 2 ** (num_layers + 1):
            raise InputError(
                "The last strided layer of the discriminator must have at least 2 x 2 "
                f"outputs. Received: {num_layers} layers for images of "
                f"{image_shape[0]} x {image_shape[1]} pixels. Decrease "
                "discriminator_layers."
            )
        full = at_least_float32(dtype)
        image = keras.Input(image_shape, dtype=full, name="image")
        x = image
        for i, filters in enumerate(_widths(base_filters, num_layers), 1):
            name = f"halve_{i}"
            x = _halving(filters, dtype=dtype, name=name, use_bias=False)(x)
            x = InstanceNormalization(dtype=dtype, name=f"{name}_norm")(x)
            x = _leaky_relu(dtype=dtype, name=f"{name}_relu")(x)
        hidden_width = x.shape[-1]
        x = layers.Flatten("channels_last", dtype=dtype, name="flatten")(x)

        def head(name, width):
            hidden = layers.Dense(hidden_width, dtype=dtype, name=f"{name}_hidden")(x)
            hidden = _leaky_relu(dtype=dtype, name=f"{name}_relu")(hidden)
            return layers.Dense(width, dtype=full, name=name)(hidden)

        outputs = head("score", 1), head("attributes", num_attributes)
        super().__init__(inputs=image, outputs=outputs, **kwargs)


@keras.saving.register_keras_serializable(package="stargan_tf_attgan")
class SelectiveTransferUnit(layers.Layer):
    """Skip connection that selects the encoder features that do not change.

    With the encoder features f, the hidden state s' of the next deeper unit, and the
    condition c:

        ŝ = upsample([s', c])          t = tanh(W_h * [f, s])
        r = sigmoid(W_r * [f, ŝ])      output = (1 - z)·ŝ + z·t
        z = sigmoid(W_z * [f, ŝ])      s = r·ŝ

    The hidden state of the deepest unit is the encoder's output.

    Args:
        filters: channels of the features, the output, and the new state.
        upsampling: upsampling of the state, as in `Generator`.

    Input: [f (batch, height, width, filters), s' (batch, height / 2, width / 2, any),
        c (batch, attributes)].
    Output: [output, s], both (batch, height, width, filters).

    Reference: STGAN (Liu et al. 2019), section 3.2, equations of the unit.
    """

    def __init__(self, filters, upsampling="transposed", **kwargs):
        super().__init__(**kwargs)
        dtype = self.dtype_policy

        def gate(name, activation):
            return layers.Conv2D(
                filters,
                3,
                padding="same",
                data_format="channels_last",
                activation=activation,
                use_bias=False,
                dtype=dtype,
                name=name,
            )

        self.append = AppendCondition(dtype=dtype, name="append_condition")
        self.double = _doubling(upsampling, filters, 1, dtype=dtype, use_bias=False)
        self.reset = gate("reset", "sigmoid")
        self.update = gate("update", "sigmoid")
        self.transfer = gate("transfer", "tanh")

    def build(self, input_shape):
        """Builds the convolutions."""
        features, state, condition = input_shape
        self.double.build((*state[:-1], state[-1] + condition[-1]))
        for layer in (self.reset, self.update, self.transfer):
            layer.build((*features[:-1], 2 * features[-1]))

    def call(self, inputs):
        """Computes [output, s] from [f, s', c]."""
        features, state, condition = inputs
        state = self.double(self.append([state, condition]))
        both = ops.concatenate([features, state], axis=-1)
        z = self.update(both)
        kept = self.reset(both) * state
        new = self.transfer(ops.concatenate([features, kept], axis=-1))
        return [(1.0 - z) * state + z * new, kept]

    def compute_output_shape(self, input_shape):
        """Returns the shapes of output and s, both that of f."""
        return [input_shape[0], input_shape[0]]


@keras.saving.register_keras_serializable(package="stargan_tf_attgan")
class AppendCondition(layers.Layer):
    """Appends each value of the condition as a constant channel.

    It broadcasts by a product, because mobile delegates do not support Tile.

    Input: [x (batch, height, width, channels), condition (batch, attributes)].
    Output shape: (batch, height, width, channels + attributes).
    """

    def call(self, inputs):
        """Computes x with the appended channels from [x, condition]."""
        x, condition = inputs
        planes = ops.ones_like(x[..., :1]) * condition[:, None, None, :]  # (b, h, w, n)
        return ops.concatenate([x, planes], axis=-1)

    def compute_output_shape(self, input_shape):
        """Returns the shape of x with the appended channels."""
        # Otherwise Keras would infer it by a call with inputs of two precisions.
        x, condition = input_shape
        return (*x[:-1], x[-1] + condition[-1])


@keras.saving.register_keras_serializable(package="stargan_tf_attgan")
class PredictedLabels(layers.Layer):
    """Binary labels from class logits, consistent with stargan_tf's `binarize`.

    An attribute is 1 if its probability is at least 0.5. In an exclusive group, only
    the most likely attribute is 1, and only if the probabilities of the group add up to
    at least 0.5.

    Args:
        groups: lists of the attribute indices of each exclusive group.

    Input: class logits (batch, attributes).
    Output: (batch, attributes), each 0 or 1.
    """

    def __init__(self, groups=(), **kwargs):
        super().__init__(**kwargs)
        self.groups = groups

    def call(self, inputs):
        """Computes labels from class logits."""
        probabilities = ops.sigmoid(inputs)
        labels = ops.cast(probabilities >= 0.5, self.compute_dtype)
        columns = ops.split(labels, inputs.shape[-1], axis=-1)
        for group in self.groups:
            members = ops.take(probabilities, group, axis=-1)  # (batch, members)
            any_on = ops.sum(members, axis=-1, keepdims=True) >= 0.5
            best = members >= ops.max(members, axis=-1, keepdims=True)
            # The first maximum, without argmax, which LiteRT lacks.
            rank = ops.cumsum(ops.cast(best, self.compute_dtype), axis=-1)
            chosen = ops.cast(any_on & best & (rank == 1.0), self.compute_dtype)
            for place, index in enumerate(group):
                columns[index] = chosen[:, place : place + 1]
        return ops.concatenate(columns, axis=-1)


def _widths(base_filters, num_layers):
    return [min(base_filters * 2**i, MAX_WIDTH) for i in range(num_layers)]


def _halving(filters, **kwargs):
    return layers.Conv2D(
        filters, 4, 2, padding="same", data_format="channels_last", **kwargs
    )


def _doubling(upsampling, filters, number, **kwargs):
    """Returns an upsampling layer.

    Its name contains `upsampling` because the axes of the two kernels differ.
    """
    kwargs["name"] = f"{upsampling}_{number}"
    if upsampling == "resize":
        return DoublingConv2D(filters, **kwargs)
    return layers.Conv2DTranspose(
        filters, 4, 2, padding="same", data_format="channels_last", **kwargs
    )


def _leaky_relu(**kwargs):
    return layers.LeakyReLU(negative_slope=0.2, **kwargs)
