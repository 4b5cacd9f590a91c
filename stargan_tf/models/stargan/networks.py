"""The two networks of StarGAN v1 (tables 4 and 5 of the paper) and their layers."""

import keras
from keras import layers, ops

from stargan_tf.data.info import RGB, sides
from stargan_tf.errors import InputError
from stargan_tf.layers.convolution import (
    DoublingConv2D,
    SmallImageConv2D,
    convolution,
    he_normal,
    uniform_bias,
    uniform_fan_in,
)
from stargan_tf.layers.normalization import AdaIN, InstanceNormalization
from stargan_tf.layers.pointwise import FillGaps, KeepGaps, LeakyReLU
from stargan_tf.layers.precision import at_least_float32, configurable
from stargan_tf.models.stargan import STARGAN


@keras.saving.register_keras_serializable(package="stargan_tf")
@configurable
class GeneratorV1(keras.Model):
    """G(x, c): translates an image to a target label.

    The network is fully convolutional and accepts any height and width that are
    multiples of 4. All convolutions use zero padding: instance normalization removes
    constants, so with reflection padding the label would have no effect.

    Example:

    ```python
    generator = stargan_tf.GeneratorV1(label_width=5)
    generator([images, labels])  # images (n, 128, 128, 3), labels (n, 5)
    ```

    Args:
        label_width: width of the label vector (`c_dim`; in joint training the labels
            of all data sets plus the mask).
        base_filters: channels of the first convolution (`g_conv_dim`).
        num_residual_blocks: number of residual blocks (`g_repeat_num`).
        output: what the last layer computes. `"image"`: an image, as in the paper.
            Not in the paper: `"blend"`, an image and a mask of where it replaces the
            input (see `Blend`); `"clipped_blend"`, the same with a mask that reaches 0
            and 1; `"additive"`, a change of the input (see `Change`);
            `"sparse_additive"`, a change without the faint part (see `SparseChange`);
            and `"fixed_point"`, tanh(image + change), as in Fixed-Point GAN. With these
            the network does not have to learn to copy its input.
        conditioning: where the label enters. `"input"`: at the input, as in the paper.
            Not in the paper: `"blocks"`, also in every residual block (see
            `ConditionalResidualBlock`), and `"adain"`, only in the residual blocks.
        upsampling: `"transposed"`: transposed convolutions, as in the paper;
            `"resize"`: nearest-neighbor doubling before a 3×3 convolution, which avoids
            checkerboard artifacts (Odena et al. 2016), not in the paper.
        skips: whether to add skip connections between downsampling and upsampling
            layers of the same size (U-Net, Ronneberger et al. 2015), not in the paper.
            They carry fine detail, so the first and last convolutions are 3×3 instead
            of 7×7.
        num_channels: number of channels of the images.
        has_gaps: whether images may have pixels without data, which the network leaves
            unchanged (see `KeepGaps`).

    Input: [image (batch, height, width, num_channels) float in [-1, 1],
        label (batch, label_width) float].
    Output: image (batch, height, width, num_channels) float32 in [-1, 1].

    Raises:
        InputError: for an unknown `output`, `conditioning`, or `upsampling`.

    Reference: StarGAN (Choi et al. 2018), table 4.
    """

    def __init__(
        self,
        label_width,
        base_filters=64,
        num_residual_blocks=6,
        output="image",
        conditioning="input",
        upsampling="transposed",
        skips=False,
        num_channels=RGB,
        has_gaps=False,
        dtype=None,
        **kwargs,
    ):
        STARGAN.checked(output=output, conditioning=conditioning, upsampling=upsampling)
        # === Layers ===
        full = at_least_float32(dtype)
        image = keras.Input((None, None, num_channels), dtype=full, name="image")
        label = keras.Input((label_width,), dtype=full, name="label")

        conditional = conditioning != "input"
        residual_block = ConditionalResidualBlock if conditional else ResidualBlock
        edge = 3 if skips else 7
        blends = output.endswith("blend")

        # === Functional model ===
        def block(x, name, filters, kernel_size, strides, **kwargs):
            kwargs = {"strides": strides, "name": name, "dtype": dtype, **kwargs}
            x = bare_convolution(filters, kernel_size, **kwargs)(x)
            x = InstanceNormalization(dtype=dtype, name=f"{name}_norm")(x)
            return layers.ReLU(dtype=dtype, name=f"{name}_relu")(x)

        def doubled(x, name, filters):
            if upsampling == "resize":
                return block(x, name, filters, 3, 1, layer=DoublingConv2D)
            return block(x, name, filters, 4, 2, layer=layers.Conv2DTranspose)

        filled = FillGaps(dtype=full, name="fill_gaps")(image) if has_gaps else image
        x = filled
        if conditioning != "adain":
            x = AppendLabel(dtype=dtype, name="append_label")([filled, label])
        x = block(x, "stem", base_filters, edge, 1)
        encoded = []
        for i in (1, 2):
            encoded.append(x)
            x = block(x, f"down_{i}", base_filters * 2**i, 4, 2)
        for i in range(1, num_residual_blocks + 1):
            name = f"residual_{i}"
            residual = residual_block(base_filters * 4, name=name, dtype=dtype)
            x = residual([x, label] if conditional else x)
        for i in (1, 2):
            x = doubled(x, f"up_{i}", base_filters * 4 // 2**i)
            if skips:
                skip = layers.Concatenate(dtype=dtype, name=f"skip_{i}")
                x = skip([x, encoded.pop()])
        x = bare_convolution(
            num_channels + blends,
            edge,
            # The initial change is zero.
            uniform_fan_in() if output == "image" or blends else "zeros",
            name="to_rgb",
            dtype=dtype,
        )(x)
        if blends:
            blend = Blend if output == "blend" else ClippedBlend
            outputs = blend(dtype=full, name="blend")([filled, x])
        elif output.endswith("additive"):
            change = Change if output == "additive" else SparseChange
            outputs = change(dtype=full, name="change")([filled, x])
        else:
            if output == "fixed_point":
                x = layers.Add(dtype=full, name="change")([filled, x])
            outputs = layers.Activation("tanh", dtype=full, name="image_out")(x)
        if has_gaps:
            outputs = KeepGaps(dtype=full, name="keep_gaps")([image, outputs])
        super().__init__(inputs=[image, label], outputs=outputs, **kwargs)


@keras.saving.register_keras_serializable(package="stargan_tf")
@configurable
class DiscriminatorV1(keras.Model):
    """D(x): classifies patches as real or fake, and the image by its labels.

    Example:

    ```python
    discriminator = stargan_tf.DiscriminatorV1(image_size=128, num_domains=5)
    patch_logits, class_logits = discriminator(images)  # images (n, 128, 128, 3)
    ```

    Args:
        image_size: side of the square images in pixels, or (height, width). It is
            fixed, because the classification head covers the whole image.
        num_domains: number of class logits (`c_dim`; in joint training the labels of
            all data sets).
        base_filters: channels of the first convolution (`d_conv_dim`); every further
            convolution doubles them.
        num_layers: number of strided convolutions (`d_repeat_num`).
        separate_classifier: whether the class logits come from separate layers, so that
            the two tasks do not compete (not in the paper). The network then has at
            most 8·`base_filters` channels, He initialization (2015), and a negative
            slope of 0.2 instead of 0.01, with which it learns labels in a fraction of
            the steps.
        num_channels: number of channels of the images.
        has_gaps: whether images may have pixels without data (see `FillGaps`).
        multi_task: whether the network has patch logits for each domain, (batch, h, w,
            num_domains), and no classifier; the class logits are then the means of the
            patch logits. This is the multi-task discriminator of StarGAN v2's ablation,
            configuration B.
        projection: whether the network also judges how well an image fits its label
            (not in the paper): the patch logits are (batch, h, w, 1 + num_domains), to
            be combined by `objective.of_label`. This is the projection discriminator
            of Miyato and Koyama (2018).

    Input: image (batch, height, width, num_channels) float in [-1, 1].
    Output: (patch logits (batch, h, w, 1), class logits (batch, num_domains)), both
        float32; h = ⌈height / 2**num_layers⌉ and w = ⌈width / 2**num_layers⌉.

    Raises:
        InputError: if the image is too small for `num_layers` halvings.

    Reference: StarGAN (Choi et al. 2018), table 5.
    """

    def __init__(
        self,
        image_size,
        num_domains,
        base_filters=64,
        num_layers=6,
        separate_classifier=False,
        num_channels=RGB,
        has_gaps=False,
        multi_task=False,
        projection=False,
        dtype=None,
        **kwargs,
    ):
        shorter = min(sides(image_size))
        if shorter < 2**num_layers:
            raise InputError(
                f"An image of {shorter} pixels cannot be halved {num_layers} times. "
                f"Received: image_size={image_size}, num_layers={num_layers}. "
                f"Use at most {shorter.bit_length() - 1} discriminator layers."
            )
        # === Layers ===
        full = at_least_float32(dtype)
        start = he_normal if separate_classifier else uniform_fan_in
        slope = 0.2 if separate_classifier else 0.01
        widths = [base_filters * 2**i for i in range(num_layers)]
        if separate_classifier:
            widths = [min(width, 8 * base_filters) for width in widths]

        # === Functional model ===
        def halved(x, prefix=""):
            for i, filters in enumerate(widths, 1):
                x = SmallImageConv2D(
                    filters,
                    4,
                    2,
                    padding="same",
                    kernel_initializer=start(),
                    bias_initializer=uniform_bias(4 * 4 * x.shape[-1]),
                    dtype=dtype,
                    name=f"{prefix}halve_{i}",
                )(x)
                x = LeakyReLU(slope, dtype=dtype, name=f"{prefix}leaky_{i}")(x)
            return x

        shape = (*sides(image_size), num_channels)
        image = keras.Input(shape, dtype=full, name="image")
        filled = FillGaps(dtype=full, name="fill_gaps")(image) if has_gaps else image
        x = halved(filled)
        # float32 regardless of the dtype policy: the critic's loss is a difference of
        # large numbers, and the penalty differentiates it.
        scores = num_domains if multi_task else 1
        patches = bare_convolution(scores, 3, dtype=full, name="patches")(x)
        if projection:
            each = bare_convolution(num_domains, 3, dtype=full, name="label_patches")(x)
            join = layers.Concatenate(dtype=full, name="all_patches")
            patches = join([patches, each])
        if separate_classifier:
            x = halved(filled, "classifier_")
        if multi_task:
            mean = layers.GlobalAveragePooling2D("channels_last", dtype=full)
            classes = mean(patches)
        else:
            classes = bare_convolution(
                num_domains,
                x.shape[1:3],
                start(),
                padding="valid",
                dtype=full,
                name="classes",
            )(x)
            flatten = layers.Flatten("channels_last", dtype=full, name="class_logits")
            classes = flatten(classes)
        super().__init__(inputs=image, outputs=(patches, classes), **kwargs)

    @property
    def classifier_variables(self):
        """The trainable variables that class logits depend on."""
        separate = any(layer.name.startswith("classifier_") for layer in self.layers)
        return [
            variable
            for layer in self.layers
            if layer.name.startswith("class" if separate else ("halve", "class"))
            for variable in layer.trainable_variables
        ]


@keras.saving.register_keras_serializable(package="stargan_tf")
class ResidualBlock(keras.layers.Layer):
    """Conv 3×3, norm, ReLU, conv 3×3, norm, plus the input; no final activation.

    Args:
        filters: number of input and output channels.

    Input shape: (batch, height, width, filters). Output shape: the same.

    Reference: StarGAN (Choi et al. 2018), table 4, "bottleneck".
    """

    normalization = InstanceNormalization

    def __init__(self, filters, **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        dtype = self.dtype_policy

        self.conv_1 = bare_convolution(filters, 3, name="conv_1", dtype=dtype)
        self.norm_1 = self.normalization(dtype=dtype, name="norm_1")
        self.relu = keras.layers.ReLU(dtype=dtype, name="relu")
        self.conv_2 = bare_convolution(filters, 3, name="conv_2", dtype=dtype)
        self.norm_2 = self.normalization(dtype=dtype, name="norm_2")

    def build(self, input_shape):
        for layer in (self.conv_1, self.norm_1, self.conv_2, self.norm_2):
            layer.build(input_shape)

    def call(self, inputs):
        x = self.relu(self.norm_1(self.conv_1(inputs)))
        return inputs + self.norm_2(self.conv_2(x))

    def compute_output_shape(self, input_shape):
        return input_shape


@keras.saving.register_keras_serializable(package="stargan_tf")
class ConditionalResidualBlock(ResidualBlock):
    """A `ResidualBlock` in which the label sets scale and offset of both norms.

    In the paper's generator the label enters as constant channels. The first instance
    normalization removes their mean, so only the effect of zero padding at the borders
    remains. If the label enters again after each normalization, small networks learn
    several times faster.

    Args:
        filters: number of input and output channels.

    Input: [x (batch, height, width, filters), label (batch, label_width)].
    Output shape: that of x.
    """

    normalization = AdaIN

    def build(self, input_shape):
        for layer in (self.conv_1, self.conv_2):
            layer.build(input_shape[0])
        for layer in (self.norm_1, self.norm_2):
            layer.build(input_shape)

    def call(self, inputs):
        x, label = inputs
        y = self.relu(self.norm_1([self.conv_1(x), label]))
        return x + self.norm_2([self.conv_2(y), label])

    def compute_output_shape(self, input_shape):
        return input_shape[0]


@keras.saving.register_keras_serializable(package="stargan_tf")
class AppendLabel(keras.layers.Layer):
    """Appends every label entry to the image as a constant channel.

    The label is replicated by a broadcast product, because mobile delegates do not
    support Tile.

    Input: [image (batch, height, width, channels), label (batch, width_of_label)].
    Output shape: (batch, height, width, channels + width_of_label).

    Reference: StarGAN (Choi et al. 2018), section 3.1, "spatially replicated".
    """

    def call(self, inputs):
        image, label = inputs
        planes = ops.ones_like(image[..., :1]) * label[:, None, None, :]  # (b, h, w, c)
        return ops.concatenate([image, planes], axis=-1)


@keras.saving.register_keras_serializable(package="stargan_tf")
class Blend(keras.layers.Layer):
    """Blends a generated image into the input with a generated mask.

    Input: [image (batch, height, width, c), features (batch, height, width, c + 1)];
        the features are the channels of color and the mask, before activation.
    Output: m·tanh(color) + (1 - m)·image with m = sigmoid(mask), (batch, height,
        width, c).

    Reference: GANimation (Pumarola et al. 2018), equation 1.
    """

    def call(self, inputs):
        image, features = inputs
        mask = self.mask(features[..., -1:])  # (batch, height, width, 1)
        return image + mask * (ops.tanh(features[..., :-1]) - image)

    def mask(self, features):
        """Maps the mask's channel to [0, 1]."""
        return ops.sigmoid(features)


@keras.saving.register_keras_serializable(package="stargan_tf")
class ClippedBlend(Blend):
    """A `Blend` whose mask reaches 0, so that the input can stay unchanged.

    m = (sigmoid(mask) - 0.05) / 0.9, clipped to [0, 1].
    """

    def mask(self, features):
        return ops.clip((super().mask(features) - 0.05) / 0.9, 0.0, 1.0)


@keras.saving.register_keras_serializable(package="stargan_tf")
class Change(keras.layers.Layer):
    """Moves each channel of each pixel toward its maximum or minimum.

    Input: [image (batch, height, width, c), features (batch, height, width, c)]; the
        features are the change before activation.
    Output: image + t - |t|·image with t = tanh(features), (batch, height, width, c):
        the input for t = 0, white for t = 1, and black for t = -1. The output stays in
        [-1, 1] without clipping, which would lose the gradient.

    Reference: based on Fixed-Point GAN (Siddiquee et al. 2019), whose output,
        tanh(image + features), differs from the image even if the features are 0.
    """

    def call(self, inputs):
        image, features = inputs
        share = self.share(features)
        return image + share - ops.abs(share) * image

    def share(self, features):
        """Maps the features to [-1, 1]."""
        return ops.tanh(features)


@keras.saving.register_keras_serializable(package="stargan_tf")
class SparseChange(Change):
    """A `Change` that is exactly zero where it would be faint.

    t is moved toward 0 by 0.08, about ten gray levels of a pixel of middle brightness,
    and is 0 where it was smaller (soft thresholding, the proximal operator of the L1
    norm). Its gradient is that without the threshold (the straight-through estimator of
    Bengio et al. 2013), or a change of zero could not grow.
    """

    def share(self, features):
        share = super().share(features)
        sparse = ops.sign(share) * ops.relu(ops.abs(share) - 0.08)
        return share + ops.stop_gradient(sparse - share)


def bare_convolution(filters, kernel_size, initializer=None, **kwargs):
    """Creates a `convolution` without bias; default initializer as in PyTorch."""
    initializer = initializer or uniform_fan_in()
    return convolution(filters, kernel_size, initializer, use_bias=False, **kwargs)
