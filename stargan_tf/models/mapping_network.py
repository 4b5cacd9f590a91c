"""StarGAN v2's mapping network."""

import keras
from keras import layers

from stargan_tf.layers.domain_dense import DomainDense
from stargan_tf.layers.he_initialised import he_dense
from stargan_tf.precision import at_least_float32

SHARED_LAYERS = 4
HIDDEN_LAYERS_PER_DOMAIN = 3


@keras.saving.register_keras_serializable(package="stargan_tf")
class MappingNetwork(keras.Model):
    """F_y(z): turns a random latent code into a style code of a domain.

    Args:
        num_domains: number of domains, each with its own last layers.
        latent_dim: width of the latent code z.
        style_dim: width of the style code s.
        hidden_dim: width of the layers between.

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
        dtype = keras.dtype_policies.get(dtype or keras.config.dtype_policy())
        super().__init__(dtype=dtype, **kwargs)
        # Not functional as the other networks: the latents' rank varies.
        self.shared = [
            he_dense(hidden_dim, activation="relu", dtype=dtype, name=f"shared_{i}")
            for i in range(1, SHARED_LAYERS + 1)
        ]
        self.hidden = [
            DomainDense(hidden_dim, num_domains, dtype=dtype, name=f"hidden_{i}")
            for i in range(1, HIDDEN_LAYERS_PER_DOMAIN + 1)
        ]
        self.relu = layers.ReLU(dtype=dtype, name="relu")
        full = at_least_float32(dtype)
        self.style = DomainDense(style_dim, num_domains, dtype=full, name="style")
        self._config = {
            "num_domains": num_domains,
            "latent_dim": latent_dim,
            "style_dim": style_dim,
            "hidden_dim": hidden_dim,
        }
        self._build(latent_dim, hidden_dim)

    def _build(self, latent_dim, hidden_dim):
        """Creates all weights at once, so that optimizers and loading find them."""
        self.shared[0].build((None, latent_dim))
        for layer in self.shared[1:]:
            layer.build((None, hidden_dim))
        for head in (*self.hidden, self.style):
            head.build([(None, hidden_dim), (None,)])
        self.built = True

    def call(self, inputs):
        """Style codes; see the class."""
        x, domain = inputs
        for layer in self.shared:
            x = layer(x)
        for head in self.hidden:
            x = self.relu(head([x, domain]))
        return self.style([x, domain])

    def get_config(self):
        """Constructor arguments."""
        return {**super().get_config(), **self._config}
