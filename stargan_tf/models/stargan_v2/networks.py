"""The four networks of StarGAN v2 (tables 5 to 7 of the paper, appendix E)."""

import keras
from keras import layers

from stargan_tf.data.info import RGB, sides
from stargan_tf.layers.convolution import he_normal
from stargan_tf.layers.normalization import InstanceNormalization
from stargan_tf.layers.pointwise import FillGaps, KeepGaps
from stargan_tf.layers.precision import at_least_float32, configurable
from stargan_tf.models.stargan_v2 import (
    BOTTLENECK_BLOCKS,
    STARGAN_V2,
    check_image_size,
    halvings,
    widths,
)
from stargan_tf.models.stargan_v2.layers import (
    AdaINResidualBlock,
    DomainDense,
    DownResidualBlock,
    HighPassSkip,
    ImageTrunk,
    LatentHead,
    he_convolution,
    leaky_relu,
    with_domain,
)

# Generator.
SKIP_SIZES = (32, 64, 128)
# Mapping network.
SHARED_LAYERS = 4
HIDDEN_LAYERS_PER_DOMAIN = 3


@keras.saving.register_keras_serializable(package="stargan_tf")
@configurable
class GeneratorV2(keras.Model):
    """G(x, s): translates an image to a style.

    Example:

    ```python
    generator = stargan_tf.GeneratorV2(image_size=256, style_dim=64)
    generator([images, styles])  # images (n, 256, 256, 3), styles (n, 64)
    ```

    Args:
        image_size: side of the square images in pixels, or (height, width); see
            `check_image_size`.
        style_dim: width of the style code s.
        base_filters: channels at full resolution; `None` for 2**14 / image_size.
        max_filters: maximum number of channels at lower resolutions (`max_conv_dim`).
        high_pass: divisor of the high-pass skips (`w_hpf`), or 0 for none. The skips
            are for faces: they carry outlines of the source past the bottleneck, whose
            sides are then halved once more, and the decoder's blocks have no shortcuts.
        upsampling: interpolation that doubles the sides: `"nearest"`, as in the paper;
            or `"bilinear"`, which narrow networks need to avoid visible squares (Karras
            et al. 2020, StyleGAN2), not in the paper.
        num_channels: number of channels of the images.
        has_gaps: whether images may have pixels without data (see `FillGaps`).

    Input: [image (batch, height, width, num_channels) float in [-1, 1],
        style (batch, style_dim) float] and, if `high_pass` > 0,
        masks (batch, height, width, 2) float in [0, 1], or None.
    Output: image (batch, height, width, num_channels) float32. Values are not bounded,
        because there is no final tanh: clip them to [-1, 1] before display.

    Raises:
        InputError: if the image size is not supported, or for an unknown `upsampling`.

    Reference: StarGAN v2 (Choi et al. 2020), appendix E, table 5.
    """

    def __init__(
        self,
        image_size=256,
        style_dim=64,
        base_filters=None,
        max_filters=512,
        high_pass=0.0,
        upsampling="nearest",
        num_channels=RGB,
        has_gaps=False,
        dtype=None,
        **kwargs,
    ):
        check_image_size(image_size)
        STARGAN_V2.checked(upsampling=upsampling)
        # === Layers ===
        full = {"dtype": at_least_float32(dtype)}
        size = sides(image_size)
        image = keras.Input((*size, num_channels), name="image", **full)
        style = keras.Input((style_dim,), name="style", **full)
        masks = keras.Input((*size, 2), name="masks", optional=True, **full)
        blocks = halvings(image_size, until=8 if high_pass else 16)
        filters = widths(image_size, base_filters, max_filters, blocks)

        def down(name, filters, **kwargs):
            return DownResidualBlock(
                filters, normalize=True, name=name, dtype=dtype, **kwargs
            )

        def up(name, filters, **kwargs):
            return AdaINResidualBlock(
                filters, use_shortcut=not high_pass, name=name, dtype=dtype, **kwargs
            )

        def skip(x, encoded):
            size = x.shape[1]
            if not high_pass or size not in SKIP_SIZES:
                return x
            layer = HighPassSkip(high_pass, dtype=dtype, name=f"high_pass_{size}")
            return layer([x, encoded[size], masks])

        # === Functional model ===
        filled = FillGaps(name="fill_gaps", **full)(image) if has_gaps else image
        x = he_convolution(filters[0], 3, dtype=dtype, name="from_rgb")(filled)
        encoded = {}
        for i, width in enumerate(filters[1:], 1):
            encoded[x.shape[1]] = x
            x = down(f"down_{i}", width, downsample=True)(x)
        for i in range(1, BOTTLENECK_BLOCKS + 1):
            x = down(f"bottleneck_{i}", filters[-1])(x)
        for i in range(1, BOTTLENECK_BLOCKS + 1):
            x = up(f"styled_{i}", filters[-1])([x, style])
        for i, width in enumerate(reversed(filters[:-1]), 1):
            doubled = up(f"up_{i}", width, upsample=True, interpolation=upsampling)
            x = doubled([x, style])
            x = skip(x, encoded)
        x = InstanceNormalization(dtype=dtype, name="to_rgb_norm")(x)
        x = leaky_relu(dtype=dtype, name="to_rgb_relu")(x)
        # float32 regardless of the policy: near ±1, bfloat16 is coarser than uint8.
        outputs = he_convolution(num_channels, 1, name="to_rgb", **full)(x)
        if has_gaps:
            outputs = KeepGaps(name="keep_gaps", **full)([image, outputs])
        inputs = [image, style, masks] if high_pass else [image, style]
        super().__init__(inputs=inputs, outputs=outputs, **kwargs)


@keras.saving.register_keras_serializable(package="stargan_tf")
@configurable
class MappingNetwork(keras.Model):
    """F_y(z): maps a random latent code to a style code of a domain.

    Example:

    ```python
    mapping_network = stargan_tf.MappingNetwork(num_domains=3)
    mapping_network([latents, domains])  # latents (n, 16), domains (n,) int
    ```

    Args:
        num_domains: number of domains, each of which has separate last layers.
        latent_dim: width of the latent code z.
        style_dim: width of the style code s.
        hidden_dim: width of the hidden layers.

    Input: [latent (batch, latent_dim) float, ~ N(0, 1), domain (batch,) int].
    Output: style (batch, style_dim) float32.
    Many latents of few domains are cheaper as (batch, n, latent_dim) → (batch, n,
        style_dim).

    Reference: StarGAN v2 (Choi et al. 2020), appendix E, table 6.
    """

    def __init__(
        self,
        num_domains,
        latent_dim=16,
        style_dim=64,
        hidden_dim=512,
        dtype=None,
        **kwargs,
    ):
        super().__init__(dtype=dtype, **kwargs)
        # Not a functional model like the other networks: the rank of latents varies.
        self.shared = [
            layers.Dense(
                hidden_dim,
                activation="relu",
                kernel_initializer=he_normal(),
                dtype=dtype,
                name=f"shared_{i}",
            )
            for i in range(1, SHARED_LAYERS + 1)
        ]
        self.hidden = [
            DomainDense(hidden_dim, num_domains, dtype=dtype, name=f"hidden_{i}")
            for i in range(1, HIDDEN_LAYERS_PER_DOMAIN + 1)
        ]
        self.relu = layers.ReLU(dtype=dtype, name="relu")
        full = at_least_float32(dtype)
        self.style = DomainDense(style_dim, num_domains, dtype=full, name="style")
        # Build now, because optimizers and loading need all weights.
        self.shared[0].build((None, latent_dim))
        for layer in self.shared[1:]:
            layer.build((None, hidden_dim))
        for head in (*self.hidden, self.style):
            head.build([(None, hidden_dim), (None,)])
        self.built = True

    def call(self, inputs):
        x, domain = inputs
        for layer in self.shared:
            x = layer(x)
        for head in self.hidden:
            x = self.relu(head([x, domain]))
        return self.style([x, domain])


@keras.saving.register_keras_serializable(package="stargan_tf")
@configurable
class LatentInjection(keras.Model):
    """Replaces the mapping network: the style is the latent code and the domain.

    Args:
        num_domains: number of domains.

    Input and output: those of `MappingNetwork`, with a style_dim of latent_dim +
        num_domains.

    Reference: StarGAN v2 (Choi et al. 2020), section 3.1, configuration D.
    """

    def __init__(self, num_domains, dtype=None, **kwargs):
        super().__init__(dtype=at_least_float32(dtype), **kwargs)
        self.num_domains = num_domains
        self.built = True

    def call(self, inputs):
        return with_domain(*inputs, self.num_domains)


@keras.saving.register_keras_serializable(package="stargan_tf")
@configurable
class StyleEncoder(keras.Model):
    """E_y(x): extracts the style code of an image of domain y.

    Example:

    ```python
    style_encoder = stargan_tf.StyleEncoder(image_size=256, num_domains=3)
    style_encoder([images, domains])  # images (n, 256, 256, 3), domains (n,) int
    ```

    Args:
        image_size: side of the square images in pixels, or (height, width); see
            `check_image_size`.
        num_domains: number of domains, each of which has a separate last layer.
        style_dim: width of the style code s.
        base_filters: channels at full resolution; `None` for 2**14 / image_size.
        max_filters: maximum number of channels at lower resolutions (`max_conv_dim`).
        num_channels: number of channels of the images.
        has_gaps: whether images may have pixels without data (see `FillGaps`).
        latent_injection: whether styles are a latent code and a domain, as those of
            `LatentInjection`; all domains then share the last layer.

    Input: [image (batch, height, width, num_channels) float in [-1, 1],
        domain (batch,) int].
    Output: style (batch, style_dim) float32.

    Raises:
        InputError: if the image size is not supported.

    Reference: StarGAN v2 (Choi et al. 2020), appendix E, table 7.
    """

    def __init__(
        self,
        image_size,
        num_domains,
        style_dim=64,
        base_filters=None,
        max_filters=512,
        num_channels=RGB,
        has_gaps=False,
        latent_injection=False,
        dtype=None,
        **kwargs,
    ):
        # === Functional model ===
        sizes = {
            "image_size": image_size,
            "num_domains": num_domains,
            "base_filters": base_filters,
            "max_filters": max_filters,
            "num_channels": num_channels,
            "has_gaps": has_gaps,
        }
        heads = {"units": style_dim, "head": DomainDense}
        if latent_injection:
            heads = {"units": style_dim - num_domains, "head": LatentHead}
        inputs, outputs = domain_branches(**heads, dtype=dtype, name="style", **sizes)
        super().__init__(inputs=inputs, outputs=outputs, **kwargs)


@keras.saving.register_keras_serializable(package="stargan_tf")
@configurable
class DiscriminatorV2(keras.Model):
    """D_y(x): classifies an image of domain y as real or fake.

    Example:

    ```python
    discriminator = stargan_tf.DiscriminatorV2(image_size=256, num_domains=3)
    discriminator([images, domains])  # images (n, 256, 256, 3), domains (n,) int
    ```

    Args:
        image_size: side of the square images in pixels, or (height, width); see
            `check_image_size`.
        num_domains: number of domains, each of which has a separate last layer.
        base_filters: channels at full resolution; `None` for 2**14 / image_size.
        max_filters: maximum number of channels at lower resolutions (`max_conv_dim`).
        num_channels: number of channels of the images.
        has_gaps: whether images may have pixels without data (see `FillGaps`).

    Input: [image (batch, height, width, num_channels) float in [-1, 1],
        domain (batch,) int].
    Output: logits (batch,) float32.

    Raises:
        InputError: if the image size is not supported.

    Reference: StarGAN v2 (Choi et al. 2020), appendix E, table 7.
    """

    def __init__(
        self,
        image_size,
        num_domains,
        base_filters=None,
        max_filters=512,
        num_channels=RGB,
        has_gaps=False,
        dtype=None,
        **kwargs,
    ):
        # === Layers ===
        sizes = {
            "image_size": image_size,
            "num_domains": num_domains,
            "base_filters": base_filters,
            "max_filters": max_filters,
            "num_channels": num_channels,
            "has_gaps": has_gaps,
        }
        inputs, outputs = domain_branches(
            units=1, head=DomainDense, dtype=dtype, name="verdict", **sizes
        )
        squeeze = layers.Reshape((), dtype=at_least_float32(dtype), name="logits")

        # === Functional model ===
        super().__init__(inputs=inputs, outputs=squeeze(outputs), **kwargs)


def domain_branches(
    units,
    head,
    image_size,
    num_domains,
    base_filters,
    max_filters,
    num_channels,
    has_gaps,
    dtype,
    name,
):
    """Builds a trunk with a head per domain: the style encoder or the discriminator.

    Returns:
        Inputs [image, domain], and the outputs of `head(units, num_domains)`, a layer
        called `name`, in at least float32.
    """
    full = at_least_float32(dtype)
    shape = (*sides(image_size), num_channels)
    image = keras.Input(shape, dtype=full, name="image")
    domain = keras.Input((), dtype="int32", name="domain")
    trunk = ImageTrunk(image_size, base_filters, max_filters, dtype=dtype, name="trunk")
    heads = head(units, num_domains, dtype=full, name=name)
    filled = FillGaps(dtype=full, name="fill_gaps")(image) if has_gaps else image
    return [image, domain], heads([trunk(filled), domain])
