"""One dense layer per domain, of which only those of the batch are computed."""

import keras
from keras import ops

from stargan_tf.layers.he_initialised import he_normal


@keras.saving.register_keras_serializable(package="stargan_tf")
class DomainDense(keras.layers.Layer):
    """x · W[domain] + b[domain]: each sample goes through its own domain's layer.

    The official code computes the heads of all domains and picks one. Here each
    sample's matrix is gathered, so time and memory grow with the batch and not
    with the number of domains. The gradient is that of the official code, zero for
    heads that no sample used (as `tf.IndexedSlices`; see `StarGANV2`).

    Args:
        units: output width.
        num_domains: number of heads.

    Input: [x (batch, width) or (batch, n, width), domain (batch,) int in
        0…num_domains-1]. With n, the n rows share their sample's domain and its
        matrix is gathered once.
    Output shape: (batch, units), or (batch, n, units).

    Reference: StarGAN v2 (Choi et al. 2020), section 2.1, "multiple output branches".
    """

    def __init__(self, units, num_domains, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.num_domains = num_domains

    def build(self, input_shape):
        """Creates `kernel` (domains, width, units), `bias` (domains, units)."""
        width = input_shape[0][-1]
        # No autocast: the gathered matrices are cast, not those of all domains.
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
        """Applies each sample's head; see the class."""
        x, domain = inputs
        kernel = ops.cast(ops.take(self.kernel, domain, axis=0), self.compute_dtype)
        bias = ops.cast(ops.take(self.bias, domain, axis=0), self.compute_dtype)
        if len(x.shape) == 3:
            return ops.matmul(x, kernel) + bias[:, None]  # (b, n, units)
        return ops.einsum("bi,bio->bo", x, kernel) + bias

    def compute_output_shape(self, input_shape):
        """See the class."""
        return (*input_shape[0][:-1], self.units)

    def get_config(self):
        """Constructor arguments."""
        config = {"units": self.units, "num_domains": self.num_domains}
        return {**super().get_config(), **config}
