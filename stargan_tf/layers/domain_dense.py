"""One dense layer per domain, of which each sample goes through its own."""

import keras
from keras import ops

from stargan_tf.layers.he_initialised import he_normal

# Up to so many domains for each sample, one product of all heads is faster than
# gathering: see benchmarks/domain_heads.py.
DOMAINS_PER_SAMPLE = 2
USUAL_BATCH = 8  # where the batch's size is not known when the graph is built


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
        """Creates `kernel` (domains, width, units), `bias` (domains, units)."""
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
        """Applies each sample's head; see the class."""
        x, domain = inputs
        few = DOMAINS_PER_SAMPLE * (x.shape[0] or USUAL_BATCH)
        one_hot = len(domain.shape) == 2
        stack = one_hot or (len(x.shape) == 2 and self.num_domains <= few)
        heads = stacked_heads if stack else gathered_heads
        outputs = heads(x, domain, self.kernel, self.bias)
        return outputs if one_hot else outputs + self._nan_if_unknown(domain, outputs)

    def _nan_if_unknown(self, domain, outputs):
        """0 where a domain exists, else NaN, (batch, 1[, 1]).

        An unknown domain has no head: its output would be 0, or another domain's.
        """
        known = ops.logical_and(domain >= 0, domain < self.num_domains)
        nan = ops.where(known, 0.0, float("nan"))
        shape = (-1, *[1] * (len(outputs.shape) - 1))
        return ops.cast(ops.reshape(nan, shape), outputs.dtype)

    def compute_output_shape(self, input_shape):
        """See the class."""
        return (*input_shape[0][:-1], self.units)

    def get_config(self):
        """Constructor arguments."""
        config = {"units": self.units, "num_domains": self.num_domains}
        return {**super().get_config(), **config}


def gathered_heads(x, domain, kernel, bias):
    """Each sample's head, fetched; cost grows with the batch.

    Args:
        x: (batch, width) or (batch, n, width).
        domain: (batch,) int.
        kernel: (domains, width, units).
        bias: (domains, units).

    Returns:
        (batch, units), or (batch, n, units).
    """
    kernel = ops.cast(ops.take(kernel, domain, axis=0), x.dtype)
    bias = ops.cast(ops.take(bias, domain, axis=0), x.dtype)
    if len(x.shape) == 3:
        return ops.matmul(x, kernel) + bias[:, None]  # (b, n, units)
    return ops.einsum("bi,bio->bo", x, kernel) + bias


def stacked_heads(x, domain, kernel, bias):
    """All heads in one product, in which x meets zeros but for its own head's rows.

    Args:
        x: (batch, width).
        domain: (batch,) int, or its one-hot (batch, domains) float.
        kernel: (domains, width, units).
        bias: (domains, units).

    Returns:
        (batch, units).
    """
    domains, width, units = kernel.shape
    if len(domain.shape) == 1:
        domain = ops.one_hot(domain, domains, dtype=x.dtype)
    own = ops.cast(domain, x.dtype)  # (b, domains)
    x = ops.reshape(own[:, :, None] * x[:, None], (-1, domains * width))
    kernel = ops.reshape(ops.cast(kernel, x.dtype), (domains * width, units))
    return ops.matmul(x, kernel) + ops.matmul(own, ops.cast(bias, x.dtype))
