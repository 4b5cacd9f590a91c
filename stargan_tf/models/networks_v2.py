"""The networks that make up a StarGAN v2."""

from typing import Any, NamedTuple

from stargan_tf.layers.pyramid import official_filters
from stargan_tf.models.discriminator_v2 import DiscriminatorV2
from stargan_tf.models.generator_v2 import GeneratorV2
from stargan_tf.models.mapping_network import MappingNetwork
from stargan_tf.models.style_encoder import StyleEncoder
from stargan_tf.precision import at_least_float32

AVERAGED = ("generator", "mapping_network", "style_encoder")


class NetworksV2(NamedTuple):
    """The four networks of a StarGAN v2.

    Args:
        generator: G.
        mapping_network: F.
        style_encoder: E.
        discriminator: D.
    """

    generator: Any
    mapping_network: Any
    style_encoder: Any
    discriminator: Any


def make_networks(
    *,
    image_size,
    num_domains,
    style_dim,
    latent_dim,
    hidden_dim,
    base_filters,
    max_filters,
    high_pass,
    generator_filters,
    separable,
    dtype,
):
    """Builds the networks for each other.

    Args:
        image_size: side of the square images in pixels.
        num_domains: number of domains.
        style_dim: see `StarGANV2`, as all that follow.
        latent_dim: likewise.
        hidden_dim: likewise.
        base_filters: likewise.
        max_filters: likewise.
        high_pass: likewise.
        generator_filters: likewise.
        separable: likewise.
        dtype: their dtype policy; the discriminator computes in float32 at least.

    Returns:
        `NetworksV2`.
    """
    style = {"style_dim": style_dim, "dtype": dtype}
    domains = {"num_domains": num_domains}
    images = {
        "image_size": image_size,
        "base_filters": base_filters,
        "max_filters": max_filters,
    }
    widths = _generator_widths(generator_filters, **images)
    return NetworksV2(
        GeneratorV2(
            **widths,
            **style,
            high_pass=high_pass,
            separable=separable,
            name="generator",
        ),
        MappingNetwork(
            **domains,
            **style,
            latent_dim=latent_dim,
            hidden_dim=hidden_dim,
            name="mapping_network",
        ),
        StyleEncoder(**images, **domains, **style, name="style_encoder"),
        DiscriminatorV2(
            **images,
            **domains,
            # Its slope is what R1 differentiates: bfloat16 puts that off by 8 %.
            dtype=at_least_float32(dtype),
            name="discriminator",
        ),
    )


def _generator_widths(generator_filters, image_size, base_filters, max_filters):
    """The generator's widths: those of the others, or all in another proportion."""
    if generator_filters:
        widest = base_filters or official_filters(image_size)
        max_filters = max_filters * generator_filters // widest
    return {
        "image_size": image_size,
        "base_filters": generator_filters or base_filters,
        "max_filters": max_filters,
    }


def averaged_copy(network):
    """A copy that follows a network's weights and is not trained.

    Args:
        network: one of `AVERAGED`.
    """
    config = {**network.get_config(), "name": f"{network.name}_ema"}
    copy = type(network).from_config(config)
    copy.set_weights(network.get_weights())
    copy.trainable = False
    return copy
