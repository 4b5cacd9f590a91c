"""Inputs of StarGAN v2's networks, for calibration and comparison."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from stargan_tf.data.pixels import to_float
from stargan_tf.export.sample_images import SampleImages, smooth_noise
from stargan_tf.litert.part import Arrays


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
