"""StarGAN v2's discriminator."""

import keras
from keras import layers

from stargan_tf.layers.domain_branches import domain_branches
from stargan_tf.precision import at_least_float32


@keras.saving.register_keras_serializable(package="stargan_tf")
class DiscriminatorV2(keras.Model):
    """D_y(x): is this a real image of domain y? One verdict per domain.

    Args:
        image_size: side of the square images in pixels; a power of two, 64…1024.
        num_domains: number of domains, each with its own last layer.
        base_filters: channels at full size; `None` for 2**14 / image_size.
        max_filters: cap of the channels below (`max_conv_dim`).

    Input: [image (batch, image_size, image_size, 3) float in [-1, 1],
        domain (batch,) int].
    Output: logits (batch,) float32.

    Raises:
        InputError: for another image size.

    Reference: StarGAN v2 (Choi et al. 2020), appendix E, table 7.
    """

    def __init__(
        self,
        image_size,
        num_domains,
        base_filters=None,
        max_filters=512,
        dtype=None,
        **kwargs,
    ):
        # === Layers ===
        dtype = keras.dtype_policies.get(dtype or keras.config.dtype_policy())
        sizes = (1, image_size, num_domains, base_filters, max_filters)
        inputs, verdict = domain_branches(*sizes, dtype, "verdict")
        one_per_image = layers.Reshape((), dtype=at_least_float32(dtype), name="logits")

        # === Functional model ===
        super().__init__(inputs=inputs, outputs=one_per_image(verdict), **kwargs)

        # === Config ===
        self._config = {
            "image_size": image_size,
            "num_domains": num_domains,
            "base_filters": base_filters,
            "max_filters": max_filters,
            "dtype": keras.saving.serialize_keras_object(dtype),
            "name": self.name,
        }

    def get_config(self):
        """Constructor arguments."""
        return dict(self._config)
