"""The networks of CycleGAN, and the pairs of networks that a model trains.

All are fully convolutional. Instance normalization has no learned scale and offset.
"""

import keras
from keras import layers, ops

from stargan_tf.plugin import InstanceNormalization, at_least_float32, configurable

PACKAGE = "stargan_tf_cyclegan"
MAX_WIDTH_FACTOR = 8  # of a discriminator's layers, relative to the first


@keras.saving.register_keras_serializable(PACKAGE)
@configurable
class CycleGenerator(keras.Model):
    """G(x): translates an image to one domain.

    Layers: a 7×7 convolution, two strided convolutions, residual blocks, two strided
    transposed convolutions, a 7×7 convolution, and tanh. The 7×7 convolutions and the
    residual blocks use reflection padding.

    Args:
        base_filters: channels of the first convolution.
        num_residual_blocks: number of residual blocks.
        num_channels: number of image channels.

    Input: image (batch, height, width, num_channels) float in [-1, 1]; height and width
        are multiples of 4, at least 8.
    Output: image of the same shape, at least float32, in [-1, 1].

    Reference: CycleGAN (Zhu et al. 2017), section 7.2 "Generator architectures".
    """

    def __init__(
        self,
        base_filters=64,
        num_residual_blocks=6,
        num_channels=3,
        dtype=None,
        **kwargs,
    ):
        full = at_least_float32(dtype)
        image = keras.Input((None, None, num_channels), dtype=full, name="image")

        def block(x, name, filters, kernel_size, layer=layers.Conv2D, **options):
            x = convolution(layer, filters, kernel_size, name, dtype, **options)(x)
            return normalized(x, name, dtype)

        def activated(x, name):
            return layers.ReLU(dtype=dtype, name=f"{name}_relu")(x)

        resize = {"strides": 2, "padding": "same"}
        x = activated(block(reflected(image, 3), "stem", base_filters, 7), "stem")
        for i in (1, 2):
            x = block(x, f"down_{i}", base_filters * 2**i, 3, **resize)
            x = activated(x, f"down_{i}")
        for i in range(1, num_residual_blocks + 1):
            first, second = f"residual_{i}_conv_1", f"residual_{i}_conv_2"
            y = activated(block(reflected(x, 1), first, x.shape[-1], 3), first)
            y = block(reflected(y, 1), second, x.shape[-1], 3)
            x = layers.Add(dtype=dtype, name=f"residual_{i}")([x, y])
        for i in (1, 2):
            filters, layer = base_filters * 4 // 2**i, layers.Conv2DTranspose
            x = activated(block(x, f"up_{i}", filters, 3, layer, **resize), f"up_{i}")
        x = convolution(layers.Conv2D, num_channels, 7, "to_rgb", dtype, use_bias=True)(
            reflected(x, 3)
        )
        outputs = layers.Activation("tanh", dtype=full, name="image_out")(x)
        super().__init__(inputs=image, outputs=outputs, **kwargs)


@keras.saving.register_keras_serializable(PACKAGE)
@configurable
class PatchDiscriminator(keras.Model):
    """D(x): real/fake score of each overlapping patch of an image (PatchGAN).

    Args:
        base_filters: channels of the first convolution. Every further one has twice as
            many, up to eight times `base_filters`.
        num_layers: number of strided convolutions. With 3, the receptive field of a
            score is 70 × 70 pixels.
        num_channels: number of image channels.

    Input: image (batch, height, width, num_channels) float in [-1, 1]; height and width
        are at least 3 · 2**num_layers.
    Output: [scores (batch, h, w, 1), at least float32, higher for real images; then
        the activations of the num_layers + 1 hidden layers], with
        h = ⌊height / 2**num_layers⌋ - 2 and w = ⌊width / 2**num_layers⌋ - 2.

    Reference: CycleGAN (Zhu et al. 2017), section 7.2 "Discriminator architectures".
    """

    def __init__(
        self, base_filters=64, num_layers=3, num_channels=3, dtype=None, **kwargs
    ):
        full = at_least_float32(dtype)
        image = keras.Input((None, None, num_channels), dtype=full, name="image")

        def bordered(x, name):
            return layers.ZeroPadding2D(
                1, data_format="channels_last", dtype=dtype, name=f"{name}_border"
            )(x)

        x, features = image, []
        for i in range(num_layers + 1):
            name, filters = f"conv_{i + 1}", base_filters * min(2**i, MAX_WIDTH_FACTOR)
            x = convolution(
                layers.Conv2D,
                filters,
                4,
                name,
                dtype,
                strides=2 if i < num_layers else 1,
                use_bias=i == 0,
            )(bordered(x, name))
            if i > 0:
                x = normalized(x, name, dtype)
            x = layers.LeakyReLU(0.2, dtype=dtype, name=f"{name}_leaky")(x)
            features.append(x)
        x = bordered(x, "scores")
        last = convolution(layers.Conv2D, 1, 4, "scores", full, use_bias=True)
        super().__init__(inputs=image, outputs=[last(x), *features], **kwargs)


@keras.saving.register_keras_serializable(PACKAGE)
@configurable
class GeneratorPair(keras.Model):
    """Both generators as a single network, as stargan_tf's commands require.

    It computes both translations and their sum weighted by the label, so a one-hot
    label selects one of them exactly.

    Args:
        base_filters: channels of the first convolution of each generator.
        num_residual_blocks: residual blocks of each generator.
        num_channels: number of image channels.

    Input: [image (batch, height, width, num_channels) float in [-1, 1], label (batch,
        2) float].
    Output: image of the same shape, at least float32.
    """

    def __init__(
        self,
        base_filters=64,
        num_residual_blocks=6,
        num_channels=3,
        dtype=None,
        **kwargs,
    ):
        full = at_least_float32(dtype)
        image = keras.Input((None, None, num_channels), dtype=full, name="image")
        label = keras.Input((2,), dtype=full, name="label")

        def translated(number, name):
            sizes = base_filters, num_residual_blocks, num_channels
            # Weights are identified by their paths.
            with keras.name_scope(name):
                network = CycleGenerator(*sizes, dtype=dtype, name=name)
            weight = ops.reshape(label[:, number], (-1, 1, 1, 1))
            return weight * network(image)

        outputs = translated(0, "to_first") + translated(1, "to_second")
        super().__init__(inputs=[image, label], outputs=outputs, **kwargs)

    @property
    def to_first(self):
        """The `CycleGenerator` that translates to the first domain."""
        return self.get_layer("to_first")

    @property
    def to_second(self):
        """The `CycleGenerator` that translates to the second domain."""
        return self.get_layer("to_second")


@keras.saving.register_keras_serializable(PACKAGE)
@configurable
class DiscriminatorPair(keras.Model):
    """Both discriminators as a single network, as stargan_tf's commands require.

    CycleGAN has no classifier. The class logits are the mean scores of the two
    discriminators, which are not trained to classify.

    Args:
        base_filters: channels of the first convolution of each discriminator.
        num_layers: number of strided convolutions of each discriminator.
        num_channels: number of image channels.

    Input: image (batch, height, width, num_channels) float in [-1, 1].
    Output: (scores (batch, h, w, 1), the mean of the two discriminators; class logits
        (batch, 2)), both at least float32.
    """

    def __init__(
        self, base_filters=64, num_layers=3, num_channels=3, dtype=None, **kwargs
    ):
        full = at_least_float32(dtype)
        image = keras.Input((None, None, num_channels), dtype=full, name="image")

        def scores_of(name):
            sizes = base_filters, num_layers, num_channels
            with keras.name_scope(name):
                network = PatchDiscriminator(*sizes, dtype=dtype, name=name)
            return network(image)[0]

        scores = [scores_of(name) for name in ("of_first", "of_second")]
        logits = [ops.mean(score, axis=(1, 2)) for score in scores]
        outputs = (sum(scores) / 2.0, ops.concatenate(logits, axis=-1))
        super().__init__(inputs=image, outputs=outputs, **kwargs)

    @property
    def of_first(self):
        """The `PatchDiscriminator` of the first domain."""
        return self.get_layer("of_first")

    @property
    def of_second(self):
        """The `PatchDiscriminator` of the second domain."""
        return self.get_layer("of_second")


def convolution(layer, filters, kernel_size, name, dtype, use_bias=False, **options):
    """Returns a convolution whose kernel is initialized from N(0, 0.02²).

    Args:
        layer: `keras.layers.Conv2D` or `keras.layers.Conv2DTranspose`.
        filters: number of output channels.
        kernel_size: side of the square kernel.
        name: layer name.
        dtype: dtype policy.
        use_bias: false before a normalization, which cancels the bias.
        **options: `strides` and `padding`.
    """
    return layer(
        filters,
        kernel_size,
        kernel_initializer=keras.initializers.RandomNormal(stddev=0.02),
        data_format="channels_last",
        name=name,
        dtype=dtype,
        use_bias=use_bias,
        **options,
    )


def normalized(x, name, dtype):
    """Normalizes the output x of the layer called `name`."""
    # Scale and offset remain 1 and 0.
    return InstanceNormalization(trainable=False, dtype=dtype, name=f"{name}_norm")(x)


def reflected(x, pixels):
    """Pads images (batch, height, width, channels) by reflection of `pixels`."""
    border = [pixels, pixels]
    return ops.pad(x, [[0, 0], border, border, [0, 0]], mode="reflect")
