"""The two networks of AttGAN and STGAN, and their layers.

Images are float in [-1, 1]. A condition has one entry for each attribute: the target
label in [0, 1], or its difference from the image's own label in [-1, 1].
"""

import keras
from keras import layers, ops

from stargan_tf.plugin import (
    DoublingConv2D,
    InputError,
    InstanceNormalization,
    at_least_float32,
    check_choice,
    configurable,
)

# The widest layer of the papers' networks.
MAX_WIDTH = 1024
UPSAMPLINGS = ("transposed", "resize")


@keras.saving.register_keras_serializable(package="stargan_tf_attgan")
@configurable
class Generator(keras.Model):
    """G(x, c): encodes an image and decodes it with a condition.

    Fully convolutional: it takes any height and width that are multiples of
    2**num_layers. The papers normalize over batches; this network uses instance
    normalization, which is the same in training and in use and does not depend on the
    batch size.

    Args:
        num_attributes: width of the condition.
        transfer_units: whether skip connections are `SelectiveTransferUnit`s (STGAN).
            Otherwise they are plain concatenations.
        shortcut_layers: number of skip connections, counted from the deepest layer.
            AttGAN has 1; STGAN has `num_layers - 1`.
        num_layers: halving convolutions of the encoder, and as many doublings.
        base_filters: channels of the first convolution, doubled by each further one
            up to `MAX_WIDTH`.
        upsampling: `"transposed"` convolutions, as in the papers, or `"resize"`, not
            in the papers: nearest-neighbor doubling before a 3×3 convolution, which
            leaves no checkerboard (Odena et al. 2016).
        num_channels: number of image channels.

    Input: [image (batch, height, width, num_channels), condition (batch,
        num_attributes)].
    Output: image (batch, height, width, num_channels), at least float32, in [-1, 1].

    Raises:
        InputError: for another `upsampling`, or a number of skip connections that does
            not fit.

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
        check_choice("upsampling", upsampling, UPSAMPLINGS)
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
        drawn = _doubling(upsampling, num_channels, num_layers, dtype=dtype)(x)
        outputs = layers.Activation("tanh", dtype=full, name="image_out")(drawn)
        super().__init__(inputs=[image, condition], outputs=outputs, **kwargs)


@keras.saving.register_keras_serializable(package="stargan_tf_attgan")
@configurable
class Discriminator(keras.Model):
    """D(x): is the image real, and which attributes does it show?

    Args:
        image_shape: (height, width, channels) of the images.
        num_attributes: number of class logits.
        base_filters: channels of the first convolution, doubled by each further one
            up to `MAX_WIDTH`.
        num_layers: number of halving convolutions, which both outputs share. Behind
            them each output has a hidden layer as wide as the last convolution.

    Input: image (batch, height, width, channels).
    Output: (scores (batch, 1), higher for real images; class logits (batch,
        num_attributes)), both at least float32.

    Raises:
        InputError: if the image is too small to be halved that often.

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
        # An instance norm over a single pixel would leave nothing.
        if min(image_shape[:2]) < 2 ** (num_layers + 1):
            raise InputError(
                f"discriminator_layers must leave at least 2 x 2 pixels. Received: "
                f"{num_layers} layers, which halve images of {image_shape[0]} x "
                f"{image_shape[1]} pixels. Use fewer discriminator_layers."
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
    """A skip connection that passes on what the condition leaves as it is.

    With the encoder's features f, the hidden state s' of the deeper unit, and the
    condition c:

        ŝ = doubling([s', c])          t = tanh(W_h * [f, s])
        r = sigmoid(W_r * [f, ŝ])      output = (1 - z)·ŝ + z·t
        z = sigmoid(W_z * [f, ŝ])      s = r·ŝ

    The deepest unit takes the code as the hidden state.

    Args:
        filters: channels of the features, of the output and of the new state.
        upsampling: how the state is doubled, as in `Generator`.

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
        """[f, s', c] → [output, s]."""
        features, state, condition = inputs
        state = self.double(self.append([state, condition]))
        both = ops.concatenate([features, state], axis=-1)
        z = self.update(both)
        kept = self.reset(both) * state
        new = self.transfer(ops.concatenate([features, kept], axis=-1))
        return [(1.0 - z) * state + z * new, kept]

    def compute_output_shape(self, input_shape):
        """Twice the shape of f."""
        return [input_shape[0], input_shape[0]]


@keras.saving.register_keras_serializable(package="stargan_tf_attgan")
class AppendCondition(layers.Layer):
    """Appends every entry of the condition as a channel of that value.

    The condition is spread by a broadcast product, not by tiling: mobile delegates
    refuse Tile.

    Input: [x (batch, height, width, channels), condition (batch, attributes)].
    Output shape: (batch, height, width, channels + attributes).
    """

    def call(self, inputs):
        """[x, condition] → x with more channels."""
        x, condition = inputs
        planes = ops.ones_like(x[..., :1]) * condition[:, None, None, :]  # (b, h, w, n)
        return ops.concatenate([x, planes], axis=-1)

    def compute_output_shape(self, input_shape):
        """The shape of x with more channels."""
        # Without it Keras would call this layer on inputs of two precisions.
        x, condition = input_shape
        return (*x[:-1], x[-1] + condition[-1])


@keras.saving.register_keras_serializable(package="stargan_tf_attgan")
class OwnLabels(layers.Layer):
    """The most likely labels of images, by the rules of stargan_tf's targets.

    An attribute is on if its probability is at least 0.5. In an exclusive group the
    likeliest member is on if the members' probabilities add up to at least 0.5.

    Args:
        groups: for each exclusive group the indices of its attributes.

    Input: class logits (batch, attributes).
    Output: (batch, attributes), each 0 or 1.
    """

    def __init__(self, groups=(), **kwargs):
        super().__init__(**kwargs)
        self.groups = groups

    def call(self, inputs):
        """Logits → labels."""
        probabilities = ops.sigmoid(inputs)
        labels = ops.cast(probabilities >= 0.5, self.compute_dtype)
        columns = ops.split(labels, inputs.shape[-1], axis=-1)
        for group in self.groups:
            members = ops.take(probabilities, group, axis=-1)  # (batch, members)
            any_on = ops.sum(members, axis=-1, keepdims=True) >= 0.5
            best = members >= ops.max(members, axis=-1, keepdims=True)
            # The first of equals. Keras' argmax is an operation that LiteRT lacks.
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
    """The class is part of the name: kernels of the two have other axes."""
    kwargs["name"] = f"{upsampling}_{number}"
    if upsampling == "resize":
        return DoublingConv2D(filters, **kwargs)
    return layers.Conv2DTranspose(
        filters, 4, 2, padding="same", data_format="channels_last", **kwargs
    )


def _leaky_relu(**kwargs):
    return layers.LeakyReLU(negative_slope=0.2, **kwargs)
