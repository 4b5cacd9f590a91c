"""StarGAN v2's style encoder."""

import keras

from stargan_tf.layers.domain_branches import domain_branches


@keras.saving.register_keras_serializable(package="stargan_tf")
class StyleEncoder(keras.Model):
    """E_y(x): reads the style code of an image, as an image of domain y.

    Args:
        image_size: side of the square images in pixels; a power of two, 64…1024.
        num_domains: number of domains, each with its own last layer.
        style_dim: width of the style code s.
        base_filters: channels at full size; `None` for 2**14 / image_size.
        max_filters: cap of the channels below (`max_conv_dim`).

    Input: [image (batch, image_size, image_size, 3) float in [-1, 1],
        domain (batch,) int].
    Output: style (batch, style_dim) float32.

    Raises:
        InputError: for another image size.

    Reference: StarGAN v2 (Choi et al. 2020), appendix E, table 7.
    """

    def __init__(
        self,
        image_size,
        num_domains,
        style_dim=64,
        base_filters=None,
        max_filters=512,
        dtype=None,
        **kwargs,
    ):
        # === Functional model ===
        dtype = keras.dtype_policies.get(dtype or keras.config.dtype_policy())
        sizes = (style_dim, image_size, num_domains, base_filters, max_filters)
        inputs, outputs = domain_branches(*sizes, dtype, "style")
        super().__init__(inputs=inputs, outputs=outputs, **kwargs)

        # === Config ===
        self._config = {
            "image_size": image_size,
            "num_domains": num_domains,
            "style_dim": style_dim,
            "base_filters": base_filters,
            "max_filters": max_filters,
            "dtype": keras.saving.serialize_keras_object(dtype),
            "name": self.name,
        }

    def get_config(self):
        """Constructor arguments."""
        return dict(self._config)
