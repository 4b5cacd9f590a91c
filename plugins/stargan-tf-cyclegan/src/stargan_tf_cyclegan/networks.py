"""CycleGAN's generators and discriminators, and the pairs of them that a model trains.

All are fully convolutional. Instance normalization has no learned scale and offset.
"""

import keras
from keras import layers, ops

from stargan_tf.plugin import InstanceNormalization, at_least_float32, configurable

PACKAGE = "stargan_tf_cyclegan"
WIDEST = 8  # times the first layer's width, in discriminators


@keras.saving.register_keras_serializable(PACKAGE)
@configurable
class CycleGenerator(keras.Model):
    """G(x): translates an image to one domain.

    7×7 convolution, two halving convolutions, residual blocks, two doubling transposed
    convolutions, 7×7 convolution and tanh. Stem, residual blocks and the last layer pad
    by reflection.

    Args:
        base_filters: channels of the first convolution.
        num_residual_blocks: number of residual blocks.
        num_channels: of the images.

    Input: image (batch, height, width, num_channels) float in [-1, 1]; the sides are
        multiples of 4, at least 8.
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
    """D(x): is each overlapping patch of an image real?

    Args:
        base_filters: channels of the first convolution, doubled by each further one up
            to eight times as many.
        num_layers: number of halving convolutions; with 3 each score depends on 70 × 70
            pixels.
        num_channels: of the images.

    Input: image (batch, height, width, num_channels) float in [-1, 1], with sides of at
        least 3 · 2**num_layers pixels.
    Output: [scores (batch, h, w, 1), at least float32, higher for real images; then
        the activations of the num_layers + 1 hidden layers]. h is
        height / 2**num_layers - 2, rounded down, and w likewise.

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
            name, filters = f"conv_{i + 1}", base_filters * min(2**i, WIDEST)
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
    """Both directions, as the one generator that stargan_tf's commands expect.

    It computes both translations and adds them up, weighted by the label: a one-hot
    label chooses one of them, exactly.

    Args:
        base_filters, num_residual_blocks, num_channels: see `CycleGenerator`.

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
            # Weights are told apart by their paths.
            with keras.name_scope(name):
                network = CycleGenerator(*sizes, dtype=dtype, name=name)
            share = ops.reshape(label[:, number], (-1, 1, 1, 1))
            return share * network(image)

        outputs = translated(0, "to_first") + translated(1, "to_second")
        super().__init__(inputs=[image, label], outputs=outputs, **kwargs)

    @property
    def to_first(self):
        """The `CycleGenerator` whose images are of the first domain."""
        return self.get_layer("to_first")

    @property
    def to_second(self):
        """The `CycleGenerator` whose images are of the second domain."""
        return self.get_layer("to_second")


@keras.saving.register_keras_serializable(PACKAGE)
@configurable
class DiscriminatorPair(keras.Model):
    """Both domains' discriminators, as the one that stargan_tf's commands expect.

    CycleGAN has no classifier. The class logits are each domain's mean score, so they
    are a guess: the discriminators learn what is real, not which domain is which.

    Args:
        base_filters, num_layers, num_channels: see `PatchDiscriminator`.

    Input: image (batch, height, width, num_channels) float in [-1, 1].
    Output: (scores (batch, h, w, 1), the mean of both domains; class logits (batch,
        2)), both at least float32.
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
    """A convolution whose initial weights are drawn from N(0, 0.02).

    Args:
        layer: `keras.layers.Conv2D` or `Conv2DTranspose`.
        filters: channels of the result.
        kernel_size: side of the kernel.
        name: of the layer.
        dtype: its policy.
        use_bias: false before a normalization, which removes it.
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
    """Instance normalization of a layer's output, named after the layer."""
    # Scale and offset stay 1 and 0.
    return InstanceNormalization(trainable=False, dtype=dtype, name=f"{name}_norm")(x)


def reflected(x, pixels):
    """Images (batch, height, width, channels) with a mirrored border of `pixels`."""
    border = [pixels, pixels]
    return ops.pad(x, [[0, 0], border, border, [0, 0]], mode="reflect")
