"""StarGAN v1's generator."""

import keras
from keras import layers

from stargan_tf.errors import InputError
from stargan_tf.layers.append_label import AppendLabel
from stargan_tf.layers.blend import Blend
from stargan_tf.layers.conditional_residual_block import ConditionalResidualBlock
from stargan_tf.layers.initializers import uniform_fan_in
from stargan_tf.layers.instance_normalization import InstanceNormalization
from stargan_tf.layers.residual_block import ResidualBlock
from stargan_tf.layers.separable import separable_convolution
from stargan_tf.precision import at_least_float32


@keras.saving.register_keras_serializable(package="stargan_tf")
class GeneratorV1(keras.Model):
    """G(x, c): redraws an image so that it shows the label.

    Fully convolutional: it takes any height and width that are multiples of 4.
    Zero padding throughout, since instance normalisation removes a constant and the
    label would go unseen under reflection padding.

    Args:
        label_width: width of the label vector (`c_dim`; with joint training the sum
            of all labels plus the mask).
        base_filters: channels of the first convolution (`g_conv_dim`).
        num_residual_blocks: bottleneck depth (`g_repeat_num`).
        attention: not in the paper: the generator also draws a mask of where to
            change the image, and the rest is copied (see `Blend`). Small networks
            and short trainings then need not learn to copy.
        conditioning: where the label enters: `"input"`, as in the paper, or
            `"blocks"`, not in the paper: in every residual block besides (see
            `ConditionalResidualBlock`).
        separable: not in the paper: depthwise-separable convolutions (5×5 where the
            paper has 7×7), and bilinear doubling before one in place of the transposed
            convolutions. For phones.

    Input: [image (batch, height, width, 3) float in [-1, 1],
        label (batch, label_width) float].
    Output: image (batch, height, width, 3) float32 in [-1, 1].

    Raises:
        InputError: for another `conditioning`.

    Reference: StarGAN (Choi et al. 2018), table 4.
    """

    def __init__(
        self,
        label_width,
        base_filters=64,
        num_residual_blocks=6,
        attention=False,
        conditioning="input",
        separable=False,
        dtype=None,
        **kwargs,
    ):
        if conditioning not in ("input", "blocks"):
            raise InputError(
                "conditioning must be 'input' or 'blocks'. "
                f"Received: conditioning={conditioning!r}"
            )
        # === Layers ===
        dtype = keras.dtype_policies.get(dtype or keras.config.dtype_policy())
        append_label = AppendLabel(dtype=dtype, name="append_label")
        full = at_least_float32(dtype)
        image = keras.Input((None, None, 3), dtype=full, name="image")
        label = keras.Input((label_width,), dtype=full, name="label")
        tanh = layers.Activation("tanh", dtype=full, name="image_out")
        blend = Blend(dtype=full, name="blend")

        # === Functional model ===
        def normalised(x, name):
            x = InstanceNormalization(dtype=dtype, name=f"{name}_norm")(x)
            return layers.ReLU(dtype=dtype, name=f"{name}_relu")(x)

        def convolution(filters, kernel_size, strides, name, kind=layers.Conv2D):
            kwargs = {"use_bias": False, "dtype": dtype, "name": name}
            kwargs |= {"strides": strides}
            start = uniform_fan_in()
            if separable:
                return separable_convolution(
                    filters, kernel_size, start=start, **kwargs
                )
            return kind(
                filters,
                kernel_size,
                padding="same",
                data_format="channels_last",
                kernel_initializer=start,
                **kwargs,
            )

        def doubled(x, filters, name):
            if not separable:
                return convolution(filters, 4, 2, name, layers.Conv2DTranspose)(x)
            double = layers.UpSampling2D(
                data_format="channels_last",
                interpolation="bilinear",
                dtype=dtype,
                name=f"{name}_double",
            )
            return convolution(filters, 3, 1, name)(double(x))

        def residual(name, x):
            arguments = {
                "filters": base_filters * 4,
                "separable": separable,
                "dtype": dtype,
                "name": name,
            }
            if conditioning == "blocks":
                return ConditionalResidualBlock(**arguments)([x, label])
            return ResidualBlock(**arguments)(x)

        x = append_label([image, label])
        # A depthwise 7×7 takes phones longer than all the rest; 5×5 has a fast kernel.
        edge = 5 if separable else 7
        x = normalised(convolution(base_filters, edge, 1, "stem")(x), "stem")
        for i in (1, 2):
            x = convolution(base_filters * 2**i, 4, 2, f"down_{i}")(x)
            x = normalised(x, f"down_{i}")
        for i in range(1, num_residual_blocks + 1):
            x = residual(f"residual_{i}", x)
        for i in (1, 2):
            x = doubled(x, base_filters * 4 // 2**i, f"up_{i}")
            x = normalised(x, f"up_{i}")
        drawn = convolution(4 if attention else 3, edge, 1, "to_rgb")(x)
        outputs = blend([image, drawn]) if attention else tanh(drawn)
        super().__init__(inputs=[image, label], outputs=outputs, **kwargs)

        # === Config ===
        self._config = {
            "label_width": label_width,
            "base_filters": base_filters,
            "num_residual_blocks": num_residual_blocks,
            "attention": attention,
            "conditioning": conditioning,
            "separable": separable,
            "dtype": keras.saving.serialize_keras_object(dtype),
            "name": self.name,
        }

    def get_config(self):
        """Constructor arguments."""
        return dict(self._config)
