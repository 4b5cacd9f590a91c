"""StarGAN v2 as two LiteRT files: the generator, and where styles come from."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from stargan_tf.data.pictures import to_float
from stargan_tf.exporting.agreement import (
    SampleImages,
    copied,
    in_float32,
    smooth_noise,
)
from stargan_tf.exporting.litert_file import (
    GENERATOR,
    STYLE,
    Arrays,
    DeviceForm,
    Endpoint,
    Part,
)
from stargan_tf.models.stargan_v2.layers import AdaINResidualBlock

# Nearest-neighbour doubling in operations that mobile delegates take.


def doubled(images):
    """Height and width doubled, nearest neighbour: `UpSampling2D(2)` without Tile.

    Args:
        images: (batch, height, width, channels).

    Returns:
        (batch, 2·height, 2·width, channels).
    """
    return tf.nn.depth_to_space(tf.concat([images] * 4, axis=-1), 2)


def without_tiling(generator):
    """Makes a generator's blocks double in that way; the numbers stay the same.

    Args:
        generator: a copy of a `GeneratorV2`, which is changed.

    Returns:
        The generator.
    """
    for layer in generator.layers:
        if isinstance(layer, AdaINResidualBlock):
            layer.doubling = doubled
    return generator


# Inputs of StarGAN v2's networks, for calibration and comparison.


class SamplesV2:
    """Inputs made of pictures, the same ones at each call.

    Args:
        model: a `StarGANV2`.
    """

    def __init__(self, model: Any):
        self._model = model

    def map_latent(self, source: SampleImages) -> Iterator[Arrays]:
        """Random latents, of every domain in turn; as many as there are pictures."""
        latents, domains = self._latents(len(source.images))
        for latent, domain in zip(latents, domains, strict=True):
            yield {"latents": latent[None], "domains": self._one_hot(domain)}

    def encode_style(self, source: SampleImages) -> Iterator[Arrays]:
        """The pictures as images of their own domains."""
        for image, label in zip(to_float(source.images), source.labels, strict=True):
            yield {"references": image[None], "domains": label[None]}

    def synthesize(self, source: SampleImages) -> Iterator[Arrays]:
        """The pictures with styles of latents and of other pictures, in turn."""
        images = to_float(source.images)
        latents, domains = self._latents(len(images))
        mapped = self._model.map_latents(latents, domains)
        own = np.argmax(source.labels, axis=1)
        encoded = np.roll(self._model.encode_style(images, own), 1, axis=0)
        for i, image in enumerate(images):
            style = mapped[i] if i % 2 else encoded[i]
            yield {"images": image[None], "styles": style[None], **self._masks(i)}

    def _latents(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        shape = (count, self._model.latent_dim)
        latents = np.random.default_rng(0).standard_normal(shape, np.float32)
        # Not of the picture's own turn: data sets often go through their domains.
        return latents, np.arange(1, count + 1) % self._model.num_domains

    def _masks(self, number: int) -> Arrays:
        """Smooth masks in [0, 1]: a mask provider is not part of the files."""
        if not self._model.high_pass:
            return {}
        noise = smooth_noise(number, 1, self._model.image_size)[..., :2]
        return {"masks": noise.astype(np.float32) / 255}

    def _one_hot(self, domain: int) -> np.ndarray:
        return np.eye(self._model.num_domains, dtype=np.float32)[[domain]]


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
