"""StarGAN v2 as a SavedModel: the EMA networks, with every source of styles.

| signature | inputs | outputs |
|---|---|---|
| `translate_latent`, also `serving_default` | `images`, `domains` int32 [n], `latents` float32 [n,d], `truncation` float32 [n] | `images` |
| `translate_reference` | `images`, `references` [n,s,s,3], `domains` | `images` |
| `map_latents` | `domains`, `latents`, `truncation` | `styles` float32 [n,k] |
| `encode_style` | `references`, `domains` | `styles` float32 [n,k] |
| `synthesize` | `images`, `styles` | `images` |
| `translate_latent_encoded` | `encoded`, `names`, `latents`, `truncation` | `encoded_bytes` |
| `translate_reference_encoded` | `encoded`, `references` string [n], `names` | `encoded_bytes` |
| `encode_style_encoded` | `references`, `names` | `styles` |
| `synthesize_encoded` | `encoded`, `styles` | `encoded_bytes` |

d and k are the widths of latent and style codes; `exporting.saved_model` explains the
other inputs and outputs. `names` are names of domains. `latents` are standard normal
numbers. `truncation` is ψ in [0, 1], one value per image. If the model has high-pass
skips, every signature that translates images also takes `masks` float32 [n,s,s,2],
unless a landmark network computes them. In that case, the signatures whose names
contain `_with_masks` (before `_encoded`) take masks.
"""  # noqa: E501

from collections.abc import Mapping
from functools import cache, partial
from typing import Any

import numpy as np
import tensorflow as tf

from stargan_tf.data.labels import quoted
from stargan_tf.data.pictures import to_float
from stargan_tf.exporting.agreement import Limit, SampleImages, smooth_noise
from stargan_tf.exporting.saved_model import (
    ImageFormat,
    ServedModel,
    Signature,
    image_formats,
    row_spec,
)

_NAMES = row_spec("names", None, tf.string)
_DOMAINS = row_spec("domains", None, tf.int32)
_TRUNCATION = row_spec("truncation", None, tf.float32)
SAMPLE_TRUNCATION = 0.5
WITH_MASKS = "_with_masks"
# The masks have edges: rounding may switch single pixels of a heat map on or off.
COMPUTED_MASKS = Limit(psnr=40.0)


def served_model(model: Any, description: Mapping[str, Any]) -> ServedModel:
    """Describes the SavedModel of the EMA networks.

    Args:
        model: a `StarGANV2` that computes in float32.
        description: content of the export's `model.json`.

    Returns:
        The `ServedModel`.
    """
    networks = _Networks(model)
    signatures = []
    for images in image_formats(model.info, description):
        signatures += networks.signatures(images)
    signatures.append(networks.map_latents())
    weighted = [
        model.generator_ema,
        model.mapping_network_ema,
        model.style_encoder_ema,
    ]
    if networks.makes_masks:
        weighted.append(model.mask_provider.network)
    return ServedModel(signatures, weighted, partial(_answers, model))


class _Networks:
    """Functions of the networks, which are stored once and shared by all signatures."""

    def __init__(self, model: Any):
        self._model, self._domains = model, list(model.info.domains)
        means = [model.mean_style(number) for number in range(model.num_domains)]
        self._mean_styles = np.stack(means)
        self.makes_masks = bool(model.high_pass and model.mask_provider)

    def signatures(self, images: ImageFormat) -> list[Signature]:
        """Signatures that take images."""
        target = _NAMES if images.encoded else _DOMAINS
        latents = row_spec("latents", self._model.latent_dim, tf.float32)
        styles = row_spec("styles", self._model.style_dim, tf.float32)
        references = (images.spec("references"), target)

        def of_latents(target, latents, truncation):
            return self._of_latents(latents, self._numbers(target), truncation)

        def of_references(references, target):
            references = images.to_float(references)
            return self._of_references(references, self._numbers(target))

        def encode_style(references, target):
            return {"styles": of_references(references, target)}

        by_latents = (target, latents, _TRUNCATION)
        return [
            *self._translating("translate_latent", images, by_latents, of_latents),
            *self._translating(
                "translate_reference", images, references, of_references
            ),
            *self._translating("synthesize", images, (styles,), tf.identity),
            Signature("encode_style", encode_style, references, images),
        ]

    def map_latents(self) -> Signature:
        def map_latents(domains, latents, truncation):
            styles = self._of_latents(latents, self._numbers(domains), truncation)
            return {"styles": styles}

        latents = row_spec("latents", self._model.latent_dim, tf.float32)
        return Signature("map_latents", map_latents, (_DOMAINS, latents, _TRUNCATION))

    def _translating(self, name, images, given, to_style) -> list[Signature]:
        def translate(sources, *others):
            style = to_style(*others[: len(given)])
            masks = others[len(given) :]
            sources = images.to_float(sources)
            if self.makes_masks and not masks:
                masks = (self._find_masks(sources),)
            return images.result(self._generate(sources, style, *masks))

        specs = [images.spec(), *given]
        if not self._model.high_pass:
            return [Signature(name, translate, specs, images)]
        shape = (None, *images.info.shape[:2], 2)
        with_masks = [*specs, tf.TensorSpec(shape, tf.float32, name="masks")]
        if not self.makes_masks:
            return [Signature(name, translate, with_masks, images)]
        return [
            Signature(name, translate, specs, images, COMPUTED_MASKS),
            Signature(name + WITH_MASKS, translate, with_masks, images),
        ]

    @tf.function(autograph=False)
    def _find_masks(self, images):
        return self._model.mask_provider(images)

    @tf.function(autograph=False)
    def _generate(self, *inputs):
        outputs = self._model.generator_ema(list(inputs), training=False)
        return tf.clip_by_value(outputs, self._model.label_space.lowest, 1.0)

    @tf.function(autograph=False)
    def _of_latents(self, latents, domains, truncation):
        """Computes ψ·F_y(z) + (1 − ψ)·(mean style of the domain)."""
        message = "truncation must be in [0, 1]. Received:"
        inside = tf.reduce_all((truncation >= 0.0) & (truncation <= 1.0))
        with _required(inside, message, truncation):
            truncation = tf.identity(truncation)[:, None]
        mapping = self._model.mapping_network_ema
        styles = mapping([latents[:, None], domains], training=False)[:, 0]
        mean = tf.gather(self._mean_styles, domains)
        return mean + truncation * (styles - mean)

    @tf.function(autograph=False)
    def _of_references(self, references, domains):
        """Computes E_y(x)."""
        return self._model.style_encoder_ema([references, domains], training=False)

    def _numbers(self, target):
        """Converts names to domain indices; INVALID_ARGUMENT if a domain is unknown."""
        if target.dtype == tf.string:
            names = tf.strings.strip(target)[:, None]
            hits = names == self._domains
            hits |= names == [quoted(domain, always=True) for domain in self._domains]
            known = tf.reduce_any(hits, axis=1)
            numbers = tf.argmax(hits, axis=1, output_type=tf.int32)
            names = ", ".join(self._domains)
        else:
            known = (target >= 0) & (target < len(self._domains))
            numbers = target
            names = ", ".join(f"{i} ({name})" for i, name in enumerate(self._domains))
        message = f"The domain must be one of {names}. Received:"
        with _required(tf.reduce_all(known), message, target):
            return tf.identity(numbers)


def _required(condition, message, received):
    """Context manager: its operations run only if the condition holds."""
    check = tf.debugging.Assert(condition, [message, received])
    return tf.control_dependencies([check])


def _answers(model: Any, samples: SampleImages):
    """Sample inputs (a random latent and a reference per image), and Keras outputs."""
    images, count = to_float(samples.images), len(samples.images)
    domains = (np.arange(count) % model.num_domains).astype(np.int32)
    shape = (count, model.latent_dim)
    latents = np.random.default_rng(0).standard_normal(shape, np.float32)
    masks = {}
    if model.high_pass:
        noise = smooth_noise(0, count, (*model.info.shape[:2], 3))[..., :2]
        masks["masks"] = noise.astype(np.float32) / 255
    mapped = model.map_latents(latents, domains.tolist(), SAMPLE_TRUNCATION)
    encoded = model.encode_style(images[::-1], domains.tolist())
    inputs = {
        "images": samples.images,
        "references": samples.images[::-1],
        "domains": domains,
        "names": np.array([model.info.domains[i] for i in domains], object),
        "latents": latents,
        "truncation": np.full(count, SAMPLE_TRUNCATION, np.float32),
        "styles": mapped,
        **masks,
    }

    @cache
    def by_latent(given):
        return model.translate(images, styles=mapped, **(masks if given else {}))

    @cache
    def by_reference(given):
        return model.translate(images, styles=encoded, **(masks if given else {}))

    translations = {
        "translate_latent": by_latent,
        "synthesize": by_latent,
        "translate_reference": by_reference,
    }
    given = not model.mask_provider
    return inputs, {
        **{name: partial(f, given) for name, f in translations.items()},
        **{name + WITH_MASKS: partial(f, True) for name, f in translations.items()},
        "encode_style": lambda: encoded,
        "map_latents": lambda: mapped,
    }
