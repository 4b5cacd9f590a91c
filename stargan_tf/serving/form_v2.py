"""StarGAN v2 as a SavedModel: the averaged networks."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from stargan_tf.export.full_precision import in_float32
from stargan_tf.serving import pictures
from stargan_tf.serving.checks import check_between
from stargan_tf.serving.domain_names import domain_numbers
from stargan_tf.serving.endpoint import (
    FLOAT_SUFFIX,
    Endpoint,
    ServedForm,
    image_spec,
    row_spec,
)


def served_form(model: Any, description: Mapping[str, Any]) -> ServedForm:
    """All ways to give a style, and the encoder by itself.

    Args:
        model: a `StarGANV2`.
        description: as in `model.json`: `fit` and `crop_size` are used.

    Returns:
        The form; see `stargan_tf.serving`.
    """
    styles = _Styles(model)
    generator = in_float32(model.generator_ema)
    networks = (generator, *styles.networks)
    forms = _Forms(model, description, styles, generator)
    endpoints = [
        endpoint
        for make in (forms.latent, forms.seed, forms.reference, forms.synthesize)
        for endpoint in make()
    ]
    styled = (forms.map_latents(), *forms.encode_style())
    return ServedForm((*endpoints, *styled, *forms.encoded()), networks)


class _Styles:
    """Style codes inside of the graph."""

    def __init__(self, model: Any):
        mapping, encoder = model.mapping_network_ema, model.style_encoder_ema
        self.networks = self._mapping, self._encoder = tuple(
            map(in_float32, (mapping, encoder))
        )
        self._domains = list(model.info.domains)
        self._latent_dim = model.latent_dim
        count = range(model.num_domains)
        self._means = np.stack([model.mean_style(number) for number in count])

    def checked(self, domains):
        """Domain numbers, or INVALID_ARGUMENT."""
        names = ", ".join(f"{i} ({name})" for i, name in enumerate(self._domains))
        message = f"An unknown domain. The model has {names}. Received:"
        return check_between(domains, 0, len(self._domains) - 1, message)

    def of_latents(self, latents, domains, truncation):
        """ψ·F_y(z) + (1 − ψ)·the domain's mean style."""
        truncation = check_between(
            truncation, 0.0, 1.0, "truncation is in [0, 1]. Received:"
        )
        domains = self.checked(domains)
        drawn = self._mapping([latents[:, None], domains], training=False)[:, 0]
        mean = tf.gather(self._means, domains)
        return mean + truncation[:, None] * (drawn - mean)

    def of_seeds(self, seeds, domains, truncation):
        """Styles of latents that follow from one number each."""

        def draw(seed):
            return tf.random.stateless_normal((self._latent_dim,), tf.stack([seed, 0]))

        latents = tf.map_fn(draw, seeds, fn_output_signature=tf.float32)
        return self.of_latents(latents, domains, truncation)

    def of_references(self, references, domains):
        """E_y(x)."""
        return self._encoder([references, self.checked(domains)], training=False)


class _Forms:
    """The endpoints; each method makes the uint8 form and its float twin."""

    def __init__(self, model, description, styles, generator):
        self._size, self._info = model.image_size, model.info
        self._style_dim, self._latent_dim = model.style_dim, model.latent_dim
        self._masked = bool(model.high_pass)
        self._fit = description["fit"], description["crop_size"]
        self._styles, self._generator = styles, generator

    def latent(self):
        """`translate_latent`."""
        latents = row_spec("latents", self._latent_dim, tf.float32)
        extra = (_DOMAINS, latents, _TRUNCATION)

        def style(domains, latents, truncation):
            return self._styles.of_latents(latents, domains, truncation)

        return self._translating("translate_latent", extra, style)

    def seed(self):
        """`translate_seed`."""

        def style(domains, seeds, truncation):
            return self._styles.of_seeds(seeds, domains, truncation)

        return self._translating(
            "translate_seed", (_DOMAINS, _SEEDS, _TRUNCATION), style
        )

    def synthesize(self):
        """`synthesize`."""
        extra = (row_spec("styles", self._style_dim, tf.float32),)
        return self._translating("synthesize", extra, lambda styles: styles)

    def reference(self):
        """`translate_reference`."""
        return [
            endpoint
            for dtype in (tf.uint8, tf.float32)
            for endpoint in self._translating(
                "translate_reference",
                (image_spec("references", self._size, dtype), _DOMAINS),
                lambda references, domains: self._styles.of_references(
                    _floats(references), domains
                ),
                (dtype,),
            )
        ]

    def map_latents(self):
        """`map_latents`; it has no images, so no twin."""

        def map_latents(domains, latents, truncation):
            return {"styles": self._styles.of_latents(latents, domains, truncation)}

        latents = row_spec("latents", self._latent_dim, tf.float32)
        inputs = (_DOMAINS, latents, _TRUNCATION)
        return Endpoint("map_latents", map_latents, inputs)

    def encode_style(self):
        """`encode_style`."""

        def encode(references, domains):
            styles = self._styles.of_references(_floats(references), domains)
            return {"styles": styles}

        return [
            Endpoint(
                _named("encode_style", dtype),
                encode,
                (image_spec("references", self._size, dtype), _DOMAINS),
            )
            for dtype in (tf.uint8, tf.float32)
        ]

    def encoded(self):
        """The forms that take files and names."""

        def by_seed(encoded, names, seeds, truncation, *masks):
            domains = domain_numbers(self._info, names)
            styles = self._styles.of_seeds(seeds, domains, truncation)
            return self._drawn_files(encoded, styles, masks)

        def by_reference(encoded, references, names, *masks):
            domains = domain_numbers(self._info, names)
            seen = pictures.to_float(self._squares(references))
            styles = self._styles.of_references(seen, domains)
            return self._drawn_files(encoded, styles, masks)

        files, references, names = (
            row_spec(name, None, tf.string)
            for name in ("encoded", "references", "names")
        )
        masks = self._mask_specs()
        seeded = (files, names, _SEEDS, _TRUNCATION, *masks)
        guided = (files, references, names, *masks)
        return (
            Endpoint("translate_seed_encoded", by_seed, seeded),
            Endpoint("translate_reference_encoded", by_reference, guided),
        )

    def _translating(self, name, extra, style, dtypes=(tf.uint8, tf.float32)):
        def translate(images, *others):
            given, masks = others[: len(extra)], others[len(extra) :]
            drawn = self._draw(_floats(images), style(*given), masks)
            result = pictures.to_uint8(drawn) if images.dtype == tf.uint8 else drawn
            return {"images": result}

        return [
            Endpoint(
                _named(name, dtype),
                translate,
                (image_spec("images", self._size, dtype), *extra, *self._mask_specs()),
            )
            for dtype in dtypes
        ]

    def _draw(self, images, styles, masks):
        drawn = self._generator([images, styles, *masks], training=False)
        return tf.clip_by_value(drawn, -1.0, 1.0)

    def _drawn_files(self, encoded, styles, masks):
        images = pictures.to_float(self._squares(encoded))
        drawn = pictures.to_uint8(self._draw(images, styles, masks))
        return {"encoded_bytes": pictures.encode(drawn)}

    def _squares(self, encoded):
        return pictures.decode(encoded, self._size, *self._fit)

    def _mask_specs(self):
        if not self._masked:
            return ()
        shape = (None, self._size, self._size, 2)
        return (tf.TensorSpec(shape, tf.float32, name="masks"),)


_DOMAINS = row_spec("domains", None, tf.int32)
_SEEDS = row_spec("seeds", None, tf.int64)
_TRUNCATION = row_spec("truncation", None, tf.float32)


def _floats(images):
    return pictures.to_float(images) if images.dtype == tf.uint8 else images


def _named(name, dtype):
    return name if dtype == tf.uint8 else name + FLOAT_SUFFIX
