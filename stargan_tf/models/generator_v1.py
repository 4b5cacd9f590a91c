"""StarGAN v1's generator."""

import keras
from keras import layers

from stargan_tf.layers.append_label import AppendLabel
from stargan_tf.layers.blend import Blend
from stargan_tf.layers.conditional_residual_block import ConditionalResidualBlock
from stargan_tf.layers.initializers import uniform_fan_in
from stargan_tf.layers.instance_normalization import InstanceNormalization
from stargan_tf.layers.residual_block import ResidualBlock


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

    Input: [image (batch, height, width, 3) float in [-1, 1],
        label (batch, label_width) float].
    Output: image (batch, height, width, 3) float32 in [-1, 1].

    Raises:
        ValueError: for another `conditioning`.

    Reference: StarGAN (Choi et al. 2018), table 4.
    """

    def __init__(
        self,
        label_width,
        base_filters=64,
        num_residual_blocks=6,
        attention=False,
        conditioning="input",
        dtype=None,
        **kwargs,
    ):
        if conditioning not in ("input", "blocks"):
            raise ValueError(
                "conditioning must be 'input' or 'blocks'. "
                f"Received: conditioning={conditioning!r}"
            )
        # === Layers ===
        dtype = keras.dtype_policies.get(dtype or keras.config.dtype_policy())
        image = keras.Input((None, None, 3), name="image")
        label = keras.Input((label_width,), name="label")
        append_label = AppendLabel(dtype=dtype, name="append_label")
        tanh = layers.Activation("tanh", dtype="float32", name="image_out")
        blend = Blend(dtype="float32", name="blend")

        # === Functional model ===
        def normalised(x, convolution, name):
            x = convolution(x)
            x = InstanceNormalization(dtype=dtype, name=f"{name}_norm")(x)
            return layers.ReLU(dtype=dtype, name=f"{name}_relu")(x)

        def convolution(filters, kernel_size, strides, name, kind=layers.Conv2D):
            return kind(
                filters,
                kernel_size,
                strides,
                padding="same",
                use_bias=False,
                kernel_initializer=uniform_fan_in(),
                dtype=dtype,
                name=name,
            )

        def residual(name, x):
            arguments = {"filters": base_filters * 4, "dtype": dtype, "name": name}
            if conditioning == "blocks":
                return ConditionalResidualBlock(**arguments)([x, label])
            return ResidualBlock(**arguments)(x)

        x = append_label([image, label])
        x = normalised(x, convolution(base_filters, 7, 1, "stem"), "stem")
        for i in (1, 2):
            down = convolution(base_filters * 2**i, 4, 2, f"down_{i}")
            x = normalised(x, down, f"down_{i}")
        for i in range(1, num_residual_blocks + 1):
            x = residual(f"residual_{i}", x)
        for i in (1, 2):
            up = convolution(
                base_filters * 4 // 2**i, 4, 2, f"up_{i}", layers.Conv2DTranspose
            )
            x = normalised(x, up, f"up_{i}")
        drawn = convolution(4 if attention else 3, 7, 1, "to_rgb")(x)
        outputs = blend([image, drawn]) if attention else tanh(drawn)
        super().__init__(inputs=[image, label], outputs=outputs, **kwargs)

        # === Config ===
        self._config = {
            "label_width": label_width,
            "base_filters": base_filters,
            "num_residual_blocks": num_residual_blocks,
            "attention": attention,
            "conditioning": conditioning,
            "dtype": keras.saving.serialize_keras_object(dtype),
            "name": self.name,
        }

    def get_config(self):
        """Constructor arguments."""
        return dict(self._config)
