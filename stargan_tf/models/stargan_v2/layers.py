"""StarGAN v2's layers: residual blocks, high-pass skips, and a head per domain."""

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

# Of the masks, the first serves the high-pass skip of this size, the second the larger.
SMALL_MASK_SIZE = 32
# Sides of the last feature maps of E and D, for the paper's images.
TRUNK_SIZE = 4
# Up to so many domains for each sample, one product of all heads is faster than
# gathering: see benchmarks/domain_heads.py.
DOMAINS_PER_SAMPLE = 2
USUAL_BATCH = 8  # where the batch's size is not known when the graph is built


def he_convolution(filters, kernel_size, **kwargs):
    """A `convolution` with `he_normal` kernel and zero bias."""
    return convolution(
        filters, kernel_size, he_normal(), layer=SmallImageConv2D, **kwargs
    )


def leaky_relu(**kwargs):
    """LeakyReLU of slope 0.2, the activation of G, E and D."""
    return LeakyReLU(0.2, **kwargs)


@keras.saving.register_keras_serializable(package="stargan_tf")
class DownResidualBlock(keras.layers.Layer):
    """[Norm], LeakyReLU, conv, [halve], [norm], LeakyReLU, conv; plus the shortcut.

    The sum is divided by √2, so that the variance stays what it was.

    Args:
        filters: output channels; another number than the input's puts a 1×1
            convolution without bias into the shortcut.
        normalize: whether with instance normalization (G only).
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
        # The channels change in the second convolution.
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
        # The official code pools after the 1×1 convolution; both are linear and
        # commute, and this way the convolution sees a quarter of the pixels.
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

    The sum is divided by √2, so that the variance stays what it was.

    Args:
        filters: output channels; another number than the input's puts a 1×1
            convolution without bias into the shortcut.
        upsample: whether to double height and width (nearest neighbor).
        use_shortcut: `False` with the high-pass skips: neither shortcut nor √2.
            The 1×1 convolution then is in the weights as in the official
            checkpoints, unused and untrained.

    Input: [x (batch, height, width, channels), style (batch, style_dim)].
    Output shape: (batch, height[·2], width[·2], filters).

    Reference: StarGAN v2 (Choi et al. 2020), appendix E, table 5, "ResBlk" with AdaIN.
    """

    def __init__(self, filters, upsample=False, use_shortcut=True, **kwargs):
        # No autocast: the style is not rounded before it is used.
        super().__init__(autocast=False, **kwargs)
        self.filters = filters
        self.upsample = upsample
        self.use_shortcut = use_shortcut
        dtype = self.dtype_policy
        if upsample:
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
            2, "channels_last", dtype=dtype, name="double"
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
        x = self.conv_1(x)
        x = self.conv_2(self.relu(self.norm_2([x, style])))
        if not self.use_shortcut:
            return x
        return (x + self._shortcut_branch(image)) / math.sqrt(2)

    def _shortcut_branch(self, x):
        # The official code doubles before the 1×1 convolution; the result is the
        # same, and this way the convolution sees a quarter of the pixels.
        x = x if self.shortcut is None else self.shortcut(x)
        return self.doubling(x) if self.upsample else x

    def compute_output_shape(self, input_shape):
        batch, height, width, _ = input_shape[0]
        if self.upsample:
            height, width = (side and side * 2 for side in (height, width))
        return batch, height, width, self.filters


@keras.saving.register_keras_serializable(package="stargan_tf")
class HighPassSkip(keras.layers.Layer):
    """x + highpass(mask · encoded): edges of the source inside the mask.

    The filter is eight times a pixel minus its eight neighbors (zero outside of
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
        x, encoded, masks = inputs
        if masks is None:
            return x
        size = x.shape[1]
        mask = masks[..., :1] if size == SMALL_MASK_SIZE else masks[..., 1:]
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


@keras.saving.register_keras_serializable(package="stargan_tf")
class ImageTrunk(keras.layers.Layer):
    """Halves the image down to 4×4, then to one feature vector; no normalization.

    Of other images than the paper's, the last kernel covers what is left of the two
    sides, of the shorter one 4 to 7 pixels.

    Args:
        image_size: side of the images in pixels, or (height, width); see
            `check_image_size`.
        base_filters: channels at full size; `None` for 2**14 / image_size.
        max_filters: cap of the channels below (`max_conv_dim`).

    Input shape: (batch, height, width, channels).
    Output shape: (batch, features), activated.

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
    """x · W[domain] + b[domain]: each sample goes through its own domain's layer.

    The official code computes the heads of all domains and picks one. Here a small
    number of heads is one matrix product (`stacked_heads`); of many, each sample's
    matrix is gathered (`gathered_heads`), so that time and memory grow with the batch
    and not with the number of domains. Outputs and gradients are the same: those of
    the official code, zero for heads that no sample used (for gathered ones as
    `tf.IndexedSlices`; see `StarGANV2`).

    Args:
        units: output width.
        num_domains: number of heads.

    Input: [x (batch, width) or (batch, n, width), domain (batch,) int in
        0…num_domains-1, or with x (batch, width) its one-hot (batch, num_domains)
        float, for devices that neither gather nor compare]. With n, the n rows share
        their sample's domain and its matrix is gathered once.
    Output shape: (batch, units), or (batch, n, units); NaN for samples of a domain
        that does not exist (or an error, where a CPU gathers).

    Reference: StarGAN v2 (Choi et al. 2020), section 2.1, "multiple output branches".
    """

    def __init__(self, units, num_domains, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.num_domains = num_domains

    def build(self, input_shape):
        width = input_shape[0][-1]
        # No autocast: only what is gathered is cast.
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
    """One dense layer for all domains; appends the domain to its output.

    The head of a style encoder whose styles are latent codes and domains.

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
        self.input_spec = None  # Dense's, here and in `build`, is of one input.

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
    """Latent codes, each followed by its domain as a one-hot code.

    Args:
        latent: (batch, width) or (batch, n, width).
        domain: int (batch,), or one-hot (batch, num_domains).
        num_domains: number of domains.

    Returns:
        (batch[, n], width + num_domains); NaN where there is no such domain.
    """
    if len(domain.shape) == 1:
        known = nan_if_unknown(domain, num_domains, latent)
        domain, latent = ops.one_hot(domain, num_domains), latent + known
    domain = ops.cast(domain, latent.dtype)
    if len(latent.shape) == 3:
        domain = domain[:, None] + ops.zeros_like(latent[..., :1])
    return ops.concatenate([latent, domain], axis=-1)


def nan_if_unknown(domain, num_domains, outputs):
    """0 where a domain exists, else NaN, (batch, 1[, 1]) like `outputs`.

    An unknown domain has no head: its output would be 0, or another domain's.
    """
    known = ops.logical_and(domain >= 0, domain < num_domains)
    nan = ops.where(known, 0.0, float("nan"))
    shape = (-1, *[1] * (len(outputs.shape) - 1))
    return ops.cast(ops.reshape(nan, shape), outputs.dtype)


def gathered_heads(x, domain, kernel, bias):
    """`DomainDense` with each sample's head fetched; cost grows with the batch."""
    kernel = ops.cast(ops.take(kernel, domain, axis=0), x.dtype)
    bias = ops.cast(ops.take(bias, domain, axis=0), x.dtype)
    if len(x.shape) == 3:
        return ops.matmul(x, kernel) + bias[:, None]  # (b, n, units)
    return ops.einsum("bi,bio->bo", x, kernel) + bias


def stacked_heads(x, domain, kernel, bias):
    """`DomainDense` in one product: x meets zeros but for its own head's rows."""
    domains, width, units = kernel.shape
    if len(domain.shape) == 1:
        domain = ops.one_hot(domain, domains, dtype=x.dtype)
    own = ops.cast(domain, x.dtype)  # (b, domains)
    x = ops.reshape(own[:, :, None] * x[:, None], (-1, domains * width))
    kernel = ops.reshape(ops.cast(kernel, x.dtype), (domains * width, units))
    return ops.matmul(x, kernel) + ops.matmul(own, ops.cast(bias, x.dtype))
