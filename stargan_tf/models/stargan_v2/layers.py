"""StarGAN v2's layers: residual blocks, high-pass skips, and one head per domain."""

import math

import keras
import numpy as np
from keras import ops

from stargan_tf.data.info import sides
from stargan_tf.layers.convolution import (
    DoublingConv2D,
    HalvingConv2D,
    SmallImageConv2D,
    convolution,
    he_normal,
)
from stargan_tf.layers.normalization import AdaIN, InstanceNormalization
from stargan_tf.layers.pointwise import LeakyReLU
from stargan_tf.models.stargan_v2 import check_image_size, halvings, widths

# The first mask is for the high-pass skip of this size, the second for larger skips.
SMALL_MASK_SIZE = 32
# Side of the last feature maps of E and D, for image sizes of the paper.
TRUNK_SIZE = 4
# Up to this number of domains per sample, a single product of all heads is faster than
# gathering heads: see benchmarks/domain_heads.py.
DOMAINS_PER_SAMPLE = 2
USUAL_BATCH = 8  # assumed if the batch size is unknown when the graph is built


def he_convolution(filters, kernel_size, **kwargs):
    """Creates a `convolution` with `he_normal` kernel and zero bias."""
    return convolution(
        filters, kernel_size, he_normal(), layer=SmallImageConv2D, **kwargs
    )


def leaky_relu(**kwargs):
    """Creates a LeakyReLU with slope 0.2, the activation of G, E, and D."""
    return LeakyReLU(0.2, **kwargs)


@keras.saving.register_keras_serializable(package="stargan_tf")
class DownResidualBlock(keras.layers.Layer):
    """[Norm], LeakyReLU, conv, [halve], [norm], LeakyReLU, conv; plus the shortcut.

    The sum is divided by √2 to preserve the variance.

    Args:
        filters: number of output channels. If it differs from that of the input, the
            shortcut has a 1×1 convolution without bias.
        normalize: whether to use instance normalization (G only).
        downsample: whether to halve height and width by average pooling.

    Input shape: (batch, height, width, channels).
    Output shape: (batch, height[/2], width[/2], filters).

    Reference: StarGAN v2 (Choi et al. 2020), appendix E, tables 5 and 7.
    """

    def __init__(self, filters, normalize=False, downsample=False, **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        self.normalize = normalize
        self.downsample = downsample
        self.relu = leaky_relu(dtype=self.dtype_policy, name="relu")
        self.halve = keras.layers.AveragePooling2D(
            2, data_format="channels_last", dtype=self.dtype_policy, name="halve"
        )
        self.shortcut = None

    def build(self, input_shape):
        dtype, channels = self.dtype_policy, input_shape[-1]
        # The second convolution changes the number of channels.
        self.conv_2 = he_convolution(self.filters, 3, name="conv_2", dtype=dtype)
        if self.downsample:
            self.conv_1 = HalvingConv2D(
                channels, kernel_initializer=he_normal(), dtype=dtype, name="conv_1"
            )
        else:
            self.conv_1 = he_convolution(channels, 3, name="conv_1", dtype=dtype)
        for layer in (self.conv_1, self.conv_2):
            layer.build(input_shape)
        if self.normalize:
            self.norm_1 = InstanceNormalization(dtype=dtype, name="norm_1")
            self.norm_2 = InstanceNormalization(dtype=dtype, name="norm_2")
            for layer in (self.norm_1, self.norm_2):
                layer.build(input_shape)
        if channels != self.filters:
            self.shortcut = he_convolution(
                self.filters, 1, use_bias=False, dtype=dtype, name="shortcut"
            )
            self.shortcut.build(input_shape)

    def call(self, inputs):
        x = self.norm_1(inputs) if self.normalize else inputs
        x = self.conv_1(self.relu(x))
        x = self.norm_2(x) if self.normalize else x
        x = self.conv_2(self.relu(x))
        return (x + self._shortcut_branch(inputs)) / math.sqrt(2)

    def _shortcut_branch(self, x):
        # The official code pools after the 1×1 convolution. Both are linear and
        # commute; in this order, the convolution has a quarter of the pixels.
        x = self.halve(x) if self.downsample else x
        return x if self.shortcut is None else self.shortcut(x)

    def compute_output_shape(self, input_shape):
        batch, height, width, _ = input_shape
        if self.downsample:
            height, width = (side and side // 2 for side in (height, width))
        return batch, height, width, self.filters


@keras.saving.register_keras_serializable(package="stargan_tf")
class AdaINResidualBlock(keras.layers.Layer):
    """AdaIN, LeakyReLU, [double], conv, AdaIN, LeakyReLU, conv; plus the shortcut.

    The sum is divided by √2 to preserve the variance.

    Args:
        filters: number of output channels. If it differs from that of the input, the
            shortcut has a 1×1 convolution without bias.
        upsample: whether to double height and width.
        use_shortcut: whether to add the shortcut and divide by √2; `False` with
            high-pass skips. The weights then still include the 1×1 convolution, as in
            official checkpoints, but it is neither used nor trained.
        interpolation: `"nearest"`, as in the paper, or `"bilinear"`.

    Input: [x (batch, height, width, channels), style (batch, style_dim)].
    Output shape: (batch, height[·2], width[·2], filters).

    Reference: StarGAN v2 (Choi et al. 2020), appendix E, table 5, "ResBlk" with AdaIN.
    """

    def __init__(
        self,
        filters,
        upsample=False,
        use_shortcut=True,
        interpolation="nearest",
        **kwargs,
    ):
        # No autocast, so that the style is not rounded.
        super().__init__(autocast=False, **kwargs)
        self.filters = filters
        self.upsample = upsample
        self.smooth = interpolation == "bilinear"
        self.use_shortcut = use_shortcut
        dtype = self.dtype_policy
        if upsample and not self.smooth:
            self.conv_1 = DoublingConv2D(
                filters, kernel_initializer=he_normal(), dtype=dtype, name="conv_1"
            )
        else:
            self.conv_1 = he_convolution(filters, 3, name="conv_1", dtype=dtype)
        self.conv_2 = he_convolution(filters, 3, name="conv_2", dtype=dtype)
        self.norm_1 = AdaIN(dtype=dtype, name="norm_1")
        self.norm_2 = AdaIN(dtype=dtype, name="norm_2")
        self.relu = leaky_relu(dtype=dtype, name="relu")
        self.doubling = keras.layers.UpSampling2D(
            2, "channels_last", interpolation, dtype=dtype, name="double"
        )
        self.shortcut = None

    def build(self, input_shape):
        before, style = input_shape
        after = (*before[:-1], self.filters)
        self.conv_1.build(before)
        self.conv_2.build(after)
        self.norm_1.build([before, style])
        self.norm_2.build([after, style])
        if before[-1] != self.filters:
            self.shortcut = he_convolution(
                self.filters,
                1,
                use_bias=False,
                trainable=self.use_shortcut,
                dtype=self.dtype_policy,
                name="shortcut",
            )
            self.shortcut.build(before)

    def call(self, inputs):
        image, style = inputs
        image = ops.cast(image, self.compute_dtype)
        x = self.relu(self.norm_1([image, style]))
        x = self.conv_1(self.doubling(x) if self.upsample and self.smooth else x)
        x = self.conv_2(self.relu(self.norm_2([x, style])))
        if not self.use_shortcut:
            return x
        return (x + self._shortcut_branch(image)) / math.sqrt(2)

    def _shortcut_branch(self, x):
        # The official code doubles before the 1×1 convolution. The result is the same;
        # in this order, the convolution has a quarter of the pixels.
        x = x if self.shortcut is None else self.shortcut(x)
        return self.doubling(x) if self.upsample else x

    def compute_output_shape(self, input_shape):
        batch, height, width, _ = input_shape[0]
        if self.upsample:
            height, width = (side and side * 2 for side in (height, width))
        return batch, height, width, self.filters


@keras.saving.register_keras_serializable(package="stargan_tf")
class HighPassSkip(keras.layers.Layer):
    """x + highpass(mask · encoded): adds edges of the source inside the mask.

    The filter is eight times a pixel minus its eight neighbors (zero outside the
    image), divided by `strength`.

    Args:
        strength: divisor of the filter (`w_hpf`); a larger value is a weaker skip.

    Input: [x (batch, s, s, channels), encoded (batch, s, s, channels),
        masks (batch, h, w, 2) in [0, 1], or None for no skip]. Mask 0 (all facial
        features) is for s = 32, mask 1 (without chin, mouth, and eyebrows) for larger
        sizes. Masks are resized to s by bilinear interpolation.
    Output shape: that of x.

    Reference: StarGAN v2 (Choi et al. 2020), appendix E, "Generator".
    """

    def __init__(self, strength=1.0, **kwargs):
        super().__init__(**kwargs)
        self.strength = strength

    def call(self, inputs):
        x, encoded, masks = inputs
        if masks is None:
            return x
        size = x.shape[1]
        mask = masks[..., :1] if size == SMALL_MASK_SIZE else masks[..., 1:]
        # In float32, because Keras 3.6 cannot resize bfloat16. Without antialiasing,
        # like the official code.
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


@keras.saving.register_keras_serializable(package="stargan_tf")
class ImageTrunk(keras.layers.Layer):
    """Downsamples an image to 4×4, then to a feature vector; without normalization.

    If the image size is not one of the paper's, the last kernel covers the remaining
    feature map, whose shorter side has 4 to 7 pixels.

    Args:
        image_size: side of the images in pixels, or (height, width); see
            `check_image_size`.
        base_filters: channels at full resolution; `None` for 2**14 / image_size.
        max_filters: maximum number of channels at lower resolutions (`max_conv_dim`).

    Input shape: (batch, height, width, channels).
    Output shape: (batch, features), after the activation.

    Reference: StarGAN v2 (Choi et al. 2020), appendix E, table 7.
    """

    def __init__(self, image_size, base_filters=None, max_filters=512, **kwargs):
        super().__init__(**kwargs)
        check_image_size(image_size)
        blocks = halvings(image_size, TRUNK_SIZE)
        self.widths = widths(image_size, base_filters, max_filters, blocks)
        dtype = self.dtype_policy
        self.from_rgb = he_convolution(self.widths[0], 3, dtype=dtype, name="from_rgb")
        self.blocks = [
            DownResidualBlock(width, downsample=True, dtype=dtype, name=f"down_{i}")
            for i, width in enumerate(self.widths[1:], 1)
        ]
        self.relu = leaky_relu(dtype=dtype, name="relu")
        left = tuple(side >> blocks for side in sides(image_size))
        self.last = he_convolution(
            self.widths[-1], left, padding="valid", dtype=dtype, name="last"
        )

    def build(self, input_shape):
        self.from_rgb.build(input_shape)
        shape = self.from_rgb.compute_output_shape(input_shape)
        for block in self.blocks:
            block.build(shape)
            shape = block.compute_output_shape(shape)
        self.last.build(shape)

    def call(self, inputs):
        x = self.from_rgb(inputs)
        for block in self.blocks:
            x = block(x)
        x = self.relu(self.last(self.relu(x)))  # (b, 1, 1, features)
        return ops.reshape(x, (-1, self.widths[-1]))  # (b, features)

    def compute_output_shape(self, input_shape):
        return input_shape[0], self.widths[-1]


@keras.saving.register_keras_serializable(package="stargan_tf")
class DomainDense(keras.layers.Layer):
    """x · W[domain] + b[domain]: a dense layer with one head per domain.

    The official code computes the heads of all domains and selects one. Here, a small
    number of heads is computed as one matrix product (`stacked_heads`). With many
    heads, each sample's matrix is gathered (`gathered_heads`), so that time and memory
    grow with the batch size and not with the number of domains. Outputs and gradients
    equal those of the official code: unused heads have a gradient of zero (gathered
    heads have `tf.IndexedSlices`, which `memory.dense` converts).

    Args:
        units: output width.
        num_domains: number of heads.

    Input: [x (batch, width) or (batch, n, width), domain (batch,) int from 0 to
        num_domains-1]. If x is (batch, width), domain may also be one-hot (batch,
        num_domains) float, for devices that support neither Gather nor comparisons. If
        x is (batch, n, width), its n rows share their sample's domain, whose matrix is
        gathered once.
    Output shape: (batch, units) or (batch, n, units); NaN for samples with an invalid
        domain (an error if a CPU gathers).

    Reference: StarGAN v2 (Choi et al. 2020), section 2.1, "multiple output branches".
    """

    def __init__(self, units, num_domains, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.num_domains = num_domains

    def build(self, input_shape):
        width = input_shape[0][-1]
        # No autocast: only the gathered heads are cast.
        self.kernel = self.add_weight(
            shape=(self.num_domains, width, self.units),
            initializer=he_normal(heads=self.num_domains),
            autocast=False,
            name="kernel",
        )
        self.bias = self.add_weight(
            shape=(self.num_domains, self.units),
            initializer="zeros",
            autocast=False,
            name="bias",
        )

    def call(self, inputs):
        x, domain = inputs
        few = DOMAINS_PER_SAMPLE * (x.shape[0] or USUAL_BATCH)
        one_hot = len(domain.shape) == 2
        stack = one_hot or (len(x.shape) == 2 and self.num_domains <= few)
        heads = stacked_heads if stack else gathered_heads
        outputs = heads(x, domain, self.kernel, self.bias)
        if one_hot:
            return outputs
        return outputs + nan_if_unknown(domain, self.num_domains, outputs)

    def compute_output_shape(self, input_shape):
        return (*input_shape[0][:-1], self.units)


@keras.saving.register_keras_serializable(package="stargan_tf")
class LatentHead(keras.layers.Dense):
    """A dense layer shared by all domains, which appends the domain to its output.

    It is the head of a style encoder whose styles are a latent code and a domain.

    Args:
        units: width of the latent code.
        num_domains: number of domains.

    Input: [x (batch, channels), domain (batch,) int or one-hot (batch, num_domains)].
    Output shape: (batch, units + num_domains).

    Reference: StarGAN v2 (Choi et al. 2020), section 3.1, configuration D.
    """

    def __init__(self, units, num_domains, **kwargs):
        super().__init__(units, kernel_initializer=he_normal(), **kwargs)
        self.num_domains = num_domains
        self.input_spec = None  # That of Dense, also set in `build`, has one input.

    def build(self, input_shape):
        super().build(input_shape[0])
        self.input_spec = None

    def call(self, inputs):
        x, domain = inputs
        return with_domain(super().call(x), domain, self.num_domains)

    def compute_output_shape(self, input_shape):
        return (*input_shape[0][:-1], self.units + self.num_domains)

    def get_config(self):
        return {**super().get_config(), "num_domains": self.num_domains}


def with_domain(latent, domain, num_domains):
    """Appends the domain to latent codes, as a one-hot vector.

    Args:
        latent: (batch, width) or (batch, n, width).
        domain: int (batch,), or one-hot (batch, num_domains).
        num_domains: number of domains.

    Returns:
        (batch[, n], width + num_domains); NaN for invalid domains.
    """
    if len(domain.shape) == 1:
        known = nan_if_unknown(domain, num_domains, latent)
        domain, latent = ops.one_hot(domain, num_domains), latent + known
    domain = ops.cast(domain, latent.dtype)
    if len(latent.shape) == 3:
        domain = domain[:, None] + ops.zeros_like(latent[..., :1])
    return ops.concatenate([latent, domain], axis=-1)


def nan_if_unknown(domain, num_domains, outputs):
    """Returns 0 for valid domains and NaN for invalid ones, shape (batch, 1[, 1]).

    Without this, the output of an invalid domain would be 0 or that of another domain.
    """
    known = ops.logical_and(domain >= 0, domain < num_domains)
    nan = ops.where(known, 0.0, float("nan"))
    shape = (-1, *[1] * (len(outputs.shape) - 1))
    return ops.cast(ops.reshape(nan, shape), outputs.dtype)


def gathered_heads(x, domain, kernel, bias):
    """`DomainDense` that gathers each sample's head; cost grows with the batch size."""
    kernel = ops.cast(ops.take(kernel, domain, axis=0), x.dtype)
    bias = ops.cast(ops.take(bias, domain, axis=0), x.dtype)
    if len(x.shape) == 3:
        return ops.matmul(x, kernel) + bias[:, None]  # (b, n, units)
    return ops.einsum("bi,bio->bo", x, kernel) + bias


def stacked_heads(x, domain, kernel, bias):
    """`DomainDense` as one product of all heads, with x at the rows of its head."""
    domains, width, units = kernel.shape
    if len(domain.shape) == 1:
        domain = ops.one_hot(domain, domains, dtype=x.dtype)
    one_hot = ops.cast(domain, x.dtype)  # (b, domains)
    x = ops.reshape(one_hot[:, :, None] * x[:, None], (-1, domains * width))
    kernel = ops.reshape(ops.cast(kernel, x.dtype), (domains * width, units))
    return ops.matmul(x, kernel) + ops.matmul(one_hot, ops.cast(bias, x.dtype))
