"""Style codes of StarGAN v2's averaged networks, inside of the graph."""

from typing import Any

import numpy as np
import tensorflow as tf

from stargan_tf.serving.checks import check_between


class StylesInGraph:
    """Styles of latents, seeds and references.

    Args:
        model: a `StarGANV2` that computes in float32.
    """

    def __init__(self, model: Any):
        self._mapping = model.mapping_network_ema
        self._encoder = model.style_encoder_ema
        self._domains = list(model.info.domains)
        self._latent_dim = model.latent_dim
        count = range(model.num_domains)
        self._means = np.stack([model.mean_style(number) for number in count])

    @tf.function(autograph=False)
    def of_latents(self, latents, domains, truncation):
        """ψ·F_y(z) + (1 − ψ)·the domain's mean style."""
        truncation = check_between(
            truncation, 0.0, 1.0, "truncation is in [0, 1]. Received:"
        )
        domains = self._checked(domains)
        drawn = self._mapping([latents[:, None], domains], training=False)[:, 0]
        mean = tf.gather(self._means, domains)
        return mean + truncation[:, None] * (drawn - mean)

    def of_seeds(self, seeds, domains, truncation):
        """Styles of the latents that follow from one number each."""
        latents = latents_of_seeds(seeds, self._latent_dim)
        return self.of_latents(latents, domains, truncation)

    @tf.function(autograph=False)
    def of_references(self, references, domains):
        """E_y(x)."""
        return self._encoder([references, self._checked(domains)], training=False)

    def _checked(self, domains):
        """Domain numbers, or INVALID_ARGUMENT."""
        names = ", ".join(f"{i} ({name})" for i, name in enumerate(self._domains))
        message = f"An unknown domain. The model has {names}. Received:"
        return check_between(domains, 0, len(self._domains) - 1, message)


def latents_of_seeds(seeds, latent_dim):
    """z of each seed: `tf.random.stateless_normal` with [seed, 0], on any machine.

    Args:
        seeds: int64 (n,).
        latent_dim: width of z.

    Returns:
        float32 (n, latent_dim).
    """

    def draw(seed):
        return tf.random.stateless_normal(
            (latent_dim,), tf.stack([seed, 0]), alg="philox"
        )

    return tf.map_fn(draw, seeds, fn_output_signature=tf.float32)
