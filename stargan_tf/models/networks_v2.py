"""The networks that make up a StarGAN v2."""

from typing import Any, NamedTuple

from stargan_tf.models.discriminator_v2 import DiscriminatorV2
from stargan_tf.models.generator_v2 import GeneratorV2
from stargan_tf.models.mapping_network import MappingNetwork
from stargan_tf.models.style_encoder import StyleEncoder

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
        dtype: their dtype policy.

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
    return NetworksV2(
        GeneratorV2(**images, **style, high_pass=high_pass, name="generator"),
        MappingNetwork(
            **domains,
            **style,
            latent_dim=latent_dim,
            hidden_dim=hidden_dim,
            name="mapping_network",
        ),
        StyleEncoder(**images, **domains, **style, name="style_encoder"),
        DiscriminatorV2(**images, **domains, dtype=dtype, name="discriminator"),
    )


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
