"""StarGAN v1's discriminator."""

import keras
from keras import layers

from stargan_tf.errors import InputError
from stargan_tf.layers.initializers import uniform_bias, uniform_fan_in
from stargan_tf.layers.leaky_relu import LeakyReLU
from stargan_tf.layers.small_image_convolution import SmallImageConv2D
from stargan_tf.precision import at_least_float32

LEAKY_RELU_SLOPE = 0.01


@keras.saving.register_keras_serializable(package="stargan_tf")
class DiscriminatorV1(keras.Model):
    """D(x): is each patch real, and which labels does the image show?

    Args:
        image_size: side of the square images in pixels; the classification head
            covers the whole image, so D is tied to it.
        num_domains: number of class logits (`c_dim`; with joint training the sum).
        base_filters: channels of the first convolution (`d_conv_dim`), doubled by
            each further one.
        num_layers: number of halving convolutions (`d_repeat_num`).

    Input: image (batch, image_size, image_size, 3) float in [-1, 1].
    Output: (patch logits (batch, h, w, 1), class logits (batch, num_domains)), both
        float32; h = w = image_size / 2**num_layers.

    Raises:
        InputError: if the image is too small to be halved that often.

    Reference: StarGAN (Choi et al. 2018), table 5.
    """

    def __init__(
        self,
        image_size,
        num_domains,
        base_filters=64,
        num_layers=6,
        dtype=None,
        **kwargs,
    ):
        if image_size < 2**num_layers:
            raise InputError(
                f"An image of {image_size} pixels cannot be halved {num_layers} times. "
                f"Received: image_size={image_size}, num_layers={num_layers}. "
                f"Use at most {image_size.bit_length() - 1} discriminator layers."
            )
        # === Layers ===
        dtype = keras.dtype_policies.get(dtype or keras.config.dtype_policy())
        full = at_least_float32(dtype)

        def halve(filters, channels, name):
            return SmallImageConv2D(
                filters,
                4,
                2,
                padding="same",
                kernel_initializer=uniform_fan_in(),
                bias_initializer=uniform_bias(16 * channels),
                dtype=dtype,
                name=name,
            )

        def head(filters, kernel_size, padding, name):
            # float32 whatever the policy: the critic's values are differences of
            # large numbers, and the penalty differentiates them.
            return layers.Conv2D(
                filters,
                kernel_size,
                padding=padding,
                data_format="channels_last",
                use_bias=False,
                kernel_initializer=uniform_fan_in(),
                dtype=full,
                name=name,
            )

        # === Functional model ===
        image = keras.Input((image_size, image_size, 3), dtype=full, name="image")
        x, channels = image, 3
        for i in range(num_layers):
            filters = base_filters * 2**i
            x = halve(filters, channels, f"halve_{i + 1}")(x)
            x = LeakyReLU(LEAKY_RELU_SLOPE, dtype=dtype, name=f"leaky_{i + 1}")(x)
            channels = filters
        patches = head(1, 3, "same", "patches")(x)
        classes = head(num_domains, x.shape[1], "valid", "classes")(x)
        classes = layers.Flatten("channels_last", dtype=full, name="class_logits")(
            classes
        )
        super().__init__(inputs=image, outputs=(patches, classes), **kwargs)

        # === Config ===
        self._config = {
            "image_size": image_size,
            "num_domains": num_domains,
            "base_filters": base_filters,
            "num_layers": num_layers,
            "dtype": keras.saving.serialize_keras_object(dtype),
            "name": self.name,
        }

    def get_config(self):
        """Constructor arguments."""
        return dict(self._config)
