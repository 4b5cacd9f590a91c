"""StarGAN v2 as two LiteRT files: the generator, and where styles come from."""

from typing import Any

import numpy as np
import tensorflow as tf

from stargan_tf.export.full_precision import copied, in_float32
from stargan_tf.litert.doubling import without_tiling
from stargan_tf.litert.part import GENERATOR, STYLE, DeviceForm, Endpoint, Part
from stargan_tf.litert.samples_v2 import SamplesV2


def device_form(model: Any) -> DeviceForm:
    """The averaged networks: `generator`, and `style` with two signatures.

    Args:
        model: a `StarGANV2`.

    Returns:
        The form.
    """
    samples = SamplesV2(model)
    style = Part(STYLE, *_style(model, samples))
    details = {
        "style_dim": model.style_dim,
        "latent_dim": model.latent_dim,
        "high_pass": model.high_pass,
        "mean_styles": _mean_styles(model),
    }
    return DeviceForm((_generator(model, samples), style), details)


def _generator(model: Any, samples: SamplesV2) -> Part:
    own = in_float32(model.generator_ema)
    device = without_tiling(copied(model.generator_ema))
    size = model.image_size
    shapes = {"images": (1, size, size, 3), "styles": (1, model.style_dim)}
    if model.high_pass:
        shapes["masks"] = (1, size, size, 2)
    endpoint = Endpoint(
        name="synthesize",
        function=_synthesizing(device),
        reference=_synthesizing(own),
        shapes=shapes,
        samples=samples.synthesize,
        pictures=("images",),
    )
    return Part(GENERATOR, (endpoint,), (device,))


def _synthesizing(network: Any):
    def synthesize(images, styles, masks=None):
        inputs = [images, styles] if masks is None else [images, styles, masks]
        drawn = network(inputs, training=False)
        return {"images": tf.clip_by_value(drawn, -1.0, 1.0)}

    return synthesize


def _style(model: Any, samples: SamplesV2) -> tuple[tuple[Endpoint, ...], tuple]:
    mapping = in_float32(model.mapping_network_ema)
    encoder = in_float32(model.style_encoder_ema)
    trunk, heads = encoder.get_layer("trunk"), encoder.get_layer("style")
    size, domains = model.image_size, (1, model.num_domains)

    def map_latent(latents, domains):
        return {"styles": mapping([latents, domains], training=False)}

    def map_by_keras(latents, domains):
        return map_latent(latents, tf.argmax(domains, axis=-1, output_type="int32"))

    def encode_style(references, domains):
        return {"styles": heads([trunk(references), domains])}

    def encode_by_keras(references, domains):
        numbers = tf.argmax(domains, axis=-1, output_type="int32")
        return {"styles": encoder([references, numbers], training=False)}

    from_latents = Endpoint(
        name="map_latent",
        function=map_latent,
        reference=map_by_keras,
        shapes={"latents": (1, model.latent_dim), "domains": domains},
        samples=samples.map_latent,
        span=None,
    )
    from_references = Endpoint(
        name="encode_style",
        function=encode_style,
        reference=encode_by_keras,
        shapes={"references": (1, size, size, 3), "domains": domains},
        samples=samples.encode_style,
        pictures=("references",),
        span=None,
    )
    return (from_latents, from_references), (mapping, encoder)


def _mean_styles(model: Any) -> list[list[float]]:
    """The centre of each domain's styles, which truncation draws towards."""
    means = [model.mean_style(number) for number in range(model.num_domains)]
    return np.round(np.stack(means).astype(np.float64), 6).tolist()
